import assert from "node:assert/strict";
import { Descriptors } from "../../../../plugins/sinks/_rolling/descriptors.ts";
import { LocalFile } from "../../../../plugins/sinks/_rolling/local_file.ts";
import { Place } from "../../../../plugins/sinks/_rolling/place.ts";
import { patternBytes } from "../../../support/byte_slices.ts";
import { withFolder } from "../rolling.ts";

const LARGE = patternBytes(300_000);
const SMALL = patternBytes(100);

/** Files of which one at a time may stay open. */
async function withFiles(use: (make: (name: string) => LocalFile) => Promise<void>): Promise<void> {
  await withFolder(async (directory) => {
    const place = Place.make({ directory, inUsePrefix: "", inUseSuffix: ".open" });
    const descriptors = new Descriptors(1);
    await use((name) => new LocalFile(name, { place, descriptors, writesAside: true }));
  });
}

Deno.test("local file has what two threads wrote in order, also when others need its descriptor, and syncs meanwhile", async () => {
  await withFiles(async (make) => {
    const [one, other] = [make("one"), make("other")];
    const aside = one.writeAside([SMALL, LARGE])!;
    other.write([SMALL]);
    assert.equal(await one.sync(0), 0);
    await aside;
    other.write([SMALL]);
    one.write([SMALL]);
    await one.writeAside([LARGE]);
    one.cutBack(one.bytes - 1);
    one.join();
    assert.equal(await one.sync(one.joinedBytes), 600_199);
    assert.deepEqual([one.close(), other.close(), one.isBroken], [true, true, false]);
    const expected = [...SMALL, ...LARGE, ...SMALL, ...LARGE.subarray(0, -1)];
    assert.deepEqual(Deno.readFileSync(one.inUsePath), Uint8Array.from(expected));
    assert.equal(Deno.statSync(other.inUsePath).size, 200);
  });
});

Deno.test("local file leaves what is small to this thread", async () => {
  await withFiles((make) => {
    const file = make("one");
    assert.equal(file.writeAside([SMALL]), undefined);
    assert.equal(file.bytes, 0);
    file.close();
    return Promise.resolve();
  });
});

Deno.test("local file holds nothing of a write aside that the disk refused in the middle", async () => {
  await withFiles(async (make) => {
    const file = make("one");
    file.write([SMALL]);
    const real = Deno.FsFile.prototype.write;
    Deno.FsFile.prototype.write = async function (bytes) {
      if (bytes.length < LARGE.length) throw new Error("No space left on device (os error 28)");
      return await real.call(this, bytes.subarray(0, 1000));
    };
    try {
      await assert.rejects(file.writeAside([LARGE])!, /^DeliveryError: Cannot write to ".*one\.open"/);
    } finally {
      Deno.FsFile.prototype.write = real;
    }
    assert.deepEqual([file.bytes, Deno.statSync(file.inUsePath).size], [100, 100]);
    await file.writeAside([LARGE]);
    file.close();
    assert.deepEqual(Deno.readFileSync(file.inUsePath), Uint8Array.from([...SMALL, ...LARGE]));
  });
});

Deno.test("local file that is closed while it is written aside stays closed", async () => {
  await withFiles(async (make) => {
    const file = make("one");
    const aside = file.writeAside([LARGE])!;
    assert.equal(file.close(), true);
    await aside.catch(() => {});
    assert.equal(file.close(), false);
    assert.throws(() => file.write([SMALL]), /Cannot write to/);
  });
});
