// What the compiler must refuse.
// deno-lint-ignore sluice/default-exports
export default { name: "half", summary: "Lacks the rest." };
