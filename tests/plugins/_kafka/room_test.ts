import assert from "node:assert/strict";
import { Room } from "../../../plugins/_kafka/room.ts";

/** Which of some promises have resolved. */
async function resolvedOf(promises: readonly Promise<void>[]): Promise<readonly boolean[]> {
  const pending = Symbol();
  const answers = await Promise.all(promises.map((one) => Promise.race([one, Promise.resolve(pending)])));
  return answers.map((answer) => answer !== pending);
}

Deno.test("room lets one after the other in while less than its limit is held, in their order", async () => {
  const room = new Room(10);
  const places = [6, 7, 1, 20].map((bytes) => room.reserve(bytes));
  const given = places.map(({ given }) => given);
  assert.deepEqual(await resolvedOf(given), [true, true, false, false]);
  room.release(3);
  assert.deepEqual(await resolvedOf(given), [true, true, false, false]);
  room.release(1);
  assert.deepEqual(await resolvedOf(given), [true, true, true, false]);
  places[1]!.giveBack();
  assert.deepEqual(await resolvedOf(given), [true, true, true, true]);
});

Deno.test("room that is given back before it was given goes to the next", async () => {
  const room = new Room(10);
  const [first, second, third] = [10, 10, 1].map((bytes) => room.reserve(bytes));
  second!.giveBack();
  first!.giveBack();
  assert.deepEqual(await resolvedOf([second!.given, third!.given]), [false, true]);
});
