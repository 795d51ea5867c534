// Runs as a process of its own: reads bodies and answers 200, which is the most that an HTTP source here could do.
if (import.meta.main) {
  Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} }, async (request) => {
    await request.arrayBuffer();
    return new Response(null, { status: 200 });
  });
}
