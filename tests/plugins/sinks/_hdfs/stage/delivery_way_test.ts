import assert from "node:assert/strict";
import { dirname } from "node:path";
import { DeliveryWay } from "../../../../../plugins/sinks/_hdfs/stage/delivery_way.ts";
import { SentNotes } from "../../../../../plugins/sinks/_hdfs/stage/sent_notes.ts";
import { encodeStagedHead } from "../../../../../plugins/sinks/_hdfs/stage/staged_head.ts";
import { StagedFile } from "../../../../../plugins/sinks/_hdfs/stage/staged_file.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { testContext } from "../../../../support/context.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";
import { ShakyStore } from "../shaky_store.ts";

const NEVER = new AbortController().signal;

/** One staged file, and its way. */
interface Bench {
  readonly file: StagedFile;
  readonly store: ShakyStore;
  readonly notes: SentNotes;
  readonly way: DeliveryWay;
  readonly folder: string;
}

/** Lends a file of one byte that becomes `a`. */
async function withFile(use: (bench: Bench) => Promise<void>): Promise<void> {
  await inFolder("way", async (folder) => {
    const path = `${folder}/1`;
    const staged = encodeStagedHead({ stem: "a", end: "", inUse: "a.tmp", format: "" });
    await Deno.writeFile(path, new Uint8Array([...staged, 1]));
    const file = new StagedFile({ name: "1", path, growingPath: path, sinceMs: 0 });
    file.complete(staged.length + 1);
    const store = new ShakyStore(new LocalStore(folder));
    await use({ file, store, folder, ...nextLife({ store, folder }) });
  });
}

/** A way that knows of what was only what is noted. */
function nextLife({ store, folder }: Pick<Bench, "store" | "folder">): Pick<Bench, "notes" | "way"> {
  const notes = new SentNotes(`${folder}/sent`, { stage: folder, target: "here" });
  const transformOf = () => Promise.resolve(undefined);
  return { notes, way: new DeliveryWay({ store, notes, log: testContext().log, transformOf }) };
}

Deno.test("what the target has too late, when the sink has ended, is not noted as sent", async () => {
  await withFile(async ({ file, store, notes, way }) => {
    const end = new AbortController();
    const put = store.put.bind(store);
    store.put = async (...args) => {
      const upload = await put(...args);
      end.abort(new Error("The sink ends"));
      return upload;
    };
    await assert.rejects(way.go(file, new Map(), end.signal), /The sink ends/);
    assert.deepEqual(await notes.read(), new Map());
    assert.ok((await Deno.stat(file.path)).isFile);
  });
});

Deno.test("a staged file that is gone, or says nothing of itself, is refused alone", async () => {
  await withFile(async ({ file, way }) => {
    await Deno.writeTextFile(file.path, "x\n");
    const isOfFile = (cause: Error & { canRetry?: boolean }) => cause.canRetry === false;
    await assert.rejects(way.go(file, new Map(), NEVER), isOfFile);
    await Deno.remove(file.path);
    await assert.rejects(way.go(file, new Map(), NEVER), isOfFile);
  });
});

Deno.test("a staged file that cannot be removed is refused alone, and one that is removed is done", async () => {
  await withFile(async ({ file, way, notes, folder }) => {
    const known = new Map();
    const { remove } = Deno;
    Deno.remove = async (path) => {
      if (path === file.path) throw new Deno.errors.PermissionDenied("no right");
      await remove(path);
    };
    try {
      await assert.rejects(
        way.go(file, known, NEVER),
        (cause: Error & { canRetry?: boolean }) => cause.canRetry === false,
      );
    } finally {
      Deno.remove = remove;
    }
    await Deno.remove(file.path);
    // As long as the disk of the stage is away the note stays.
    await assert.rejects(way.go(file, known, NEVER), /Cannot remove ".*", which is published/);
    assert.equal((await notes.read()).size, 1);
    await Deno.mkdir(`${dirname(file.path)}/mark`);
    assert.equal(await way.go(file, known, NEVER), 1);
    assert.deepEqual(await notes.read(), new Map());
    assert.deepEqual(await Deno.readFile(`${folder}/a`), new Uint8Array([1]));
  });
});

Deno.test("a file that was taken away before it had its name is sent again also when its note cannot be taken back", async () => {
  await withFile(async ({ file, way, notes, folder, store }) => {
    const known = new Map();
    store.fateOf = ({ name, count }) => {
      if (name === "publish" && count === 1) Deno.removeSync(`${folder}/a.tmp`);
      return "done";
    };
    const remove = notes.remove.bind(notes);
    notes.remove = () => Promise.reject(new Error("Input/output error"));
    await assert.rejects(way.go(file, known, NEVER), /Input\/output/);
    notes.remove = remove;
    assert.equal(await way.go(file, known, NEVER), 1);
    assert.deepEqual(await Deno.readFile(`${folder}/a`), new Uint8Array([1]));
  });
});

for (const life of ["this", "the next"]) {
  Deno.test(`a file is sent again that was taken away after every try to name it was refused (${life} life)`, async () => {
    await withFile(async (bench) => {
      const { file, folder, store } = bench;
      const first = new Map();
      for (let tries = 0; tries < 2; tries++) {
        store.fateOf = ({ name }) => name === "publish" ? refusedRename() : "done";
        await assert.rejects(bench.way.go(file, first, NEVER), /Safe mode/);
      }
      await Deno.remove(`${folder}/a.tmp`);
      store.fateOf = () => "done";
      const next = life === "this" ? bench : nextLife(bench);
      const known = life === "this" ? first : new Map(await next.notes.read());
      assert.equal(known.size, 1);
      await assert.rejects(next.way.go(file, known, NEVER), /was taken away before it had its name/);
      assert.equal(await next.way.go(file, known, NEVER), 1);
      assert.deepEqual(await Deno.readFile(`${folder}/a`), new Uint8Array([1]));
    });
  });

  Deno.test(`a file that may have its name since a try counts as fetched, though later ones were refused (${life} life)`, async () => {
    await withFile(async (bench) => {
      const { file, folder, store } = bench;
      const first = new Map();
      // The first try is refused, too: what its note says must be taken back before the second.
      store.fateOf = ({ name, count }) => {
        if (name !== "publish") return "done";
        return count === 2 ? "unknown" : refusedRename();
      };
      for (let tries = 0; tries < 3; tries++) {
        await assert.rejects(bench.way.go(file, first, NEVER), /Safe mode|No answer/);
      }
      await Deno.remove(`${folder}/a`);
      store.fateOf = () => "done";
      const next = life === "this" ? bench : nextLife(bench);
      const known = life === "this" ? first : new Map(await next.notes.read());
      assert.equal(await next.way.go(file, known, NEVER), 1);
      assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["sent"]);
    });
  });
}

function refusedRename(): Error {
  return Object.assign(new Error("Safe mode"), { isOutcomeUnknown: false });
}
