throw new Error("The licence server does not answer");
