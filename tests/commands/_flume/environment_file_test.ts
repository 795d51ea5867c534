import assert from "node:assert/strict";
import { readEnvironmentFile } from "../../../commands/_flume/environment_file.ts";

const none = () => undefined;

/** What a shell would make of the value, and what is ignored. */
const CASES: readonly {
  readonly text: string;
  readonly value?: string;
  readonly ignored?: readonly string[];
}[] = [
  { text: 'export JAVA_OPTS="-Xms100m -Dx=1"', value: "-Xms100m -Dx=1" },
  { text: "JAVA_OPTS=-Dx=1", value: "-Dx=1" },
  { text: "  export JAVA_OPTS='-Dx=$HOME' # why", value: "-Dx=$HOME" },
  { text: 'export JAVA_OPTS="-Dx=1 \\\n  -Dy=2"', value: "-Dx=1   -Dy=2" },
  { text: 'export JAVA_OPTS="-Dx=1\n-Dy=2\n"', value: "-Dx=1\n-Dy=2\n" },
  { text: 'export JAVA_OPTS="$JAVA_OPTS -Dx=1"', value: "-Xmx20m -Dx=1" },
  { text: 'JAVA_OPTS="-Da=1"\nJAVA_OPTS="${JAVA_OPTS} -Db=2"', value: "-Da=1 -Db=2" },
  { text: 'export JAVA_OPTS="-Dx=\\"a b\\" \\d"', value: '-Dx="a b" \\d' },
  { text: "JAVA_OPTS=-Dx=a\\ b'c d'", value: "-Dx=a bc d" },
  { text: 'JAVA_OPTS="-Dx=1"\r\n', value: "-Dx=1" },
  { text: "# export JAVA_OPTS=-Dx=1" },
  { text: 'EXPORT JAVA_OPTS="-Dx=1"', ignored: ['EXPORT JAVA_OPTS="-Dx=1"'] },
  { text: "JAVA_OPTS=-Dhost=$(hostname)", ignored: ["JAVA_OPTS=-Dhost=$(hostname)"] },
  { text: "JAVA_OPTS=-Dx=1 ulimit -n 10", ignored: ["JAVA_OPTS=-Dx=1 ulimit -n 10"] },
  { text: "if true; then\nJAVA_OPTS=-Dx=1\nfi", value: "-Dx=1", ignored: ["if true; then", "fi"] },
];

for (const { text, value, ignored = [] } of CASES) {
  Deno.test(`flume-env.sh is read without a shell: ${JSON.stringify(text)}`, () => {
    const read = readEnvironmentFile(text, none);
    assert.equal(read.variables.JAVA_OPTS, value);
    assert.deepEqual(read.ignored, ignored);
  });
}

Deno.test("flume-env.sh gives the agent what it exports, in whatever way, and nothing else", () => {
  const text = "A=1\nexport B=2\nC=3\nexport C D\n";
  const { exported, variables } = readEnvironmentFile(text, none);
  assert.deepEqual(exported, { B: "2", C: "3" });
  assert.equal(variables.A, "1");
});

Deno.test("flume-env.sh takes from the surroundings what it has not set itself", () => {
  const { variables } = readEnvironmentFile('X="${Y}/x:$Z"', (name) => ({ Y: "/y" })[name]);
  assert.equal(variables.X, "/y/x:");
});
