/** A node that waits for the memory of requests, and what happens to it meanwhile. */
import assert from "node:assert/strict";
import type { Node, NodeAPI } from "node-red";
import { whenKnown } from "../../../src/nodes/asked-requests-of";
import { SettingsError } from "../../../src/nodes/settings";
import type { AskedRequests } from "../../../src/publish/asked-requests";

describe("waiting for what was asked", () => {
  let known: () => void;
  let loading: Promise<void> | undefined;
  let log: string[];

  beforeEach(() => {
    log = [];
    loading = new Promise((resolve) => {
      known = () => {
        loading = undefined;
        resolve();
      };
    });
  });

  const turn = () => new Promise(setImmediate);
  const use = (begin: () => void = () => undefined) => {
    const RED = { _: (key: string) => key } as unknown as NodeAPI;
    const node = { error: () => log.push("error"), status: () => undefined } as unknown as Node;
    const asked = {
      get loading() {
        return loading;
      },
    } as unknown as AskedRequests;
    return whenKnown(RED, node, asked, {
      start: () => {
        begin();
        log.push("start");
        return { close: async (removed) => void log.push(removed ? "close for good" : "close") };
      },
      neverStarted: () => {
        begin();
        log.push("never started");
      },
    });
  };

  it("starts when it is known, or at once where it is, and closes what was started", async () => {
    const early = use();
    assert.deepEqual(log, []);
    known();
    await turn();
    await use().close(true);
    await early.close(false);

    assert.deepEqual(log, ["start", "start", "close for good", "close"]);
  });

  it("never starts a node that is closed meanwhile", async () => {
    await use().close(false);
    known();
    await turn();

    assert.deepEqual(log, []);
  });

  it("tells of a node that is deleted meanwhile, for its queue is there from an earlier process", async () => {
    await use().close(true);
    known();
    await turn();

    assert.deepEqual(log, ["never started"]);
  });

  it("lets one that is wrongly set go without a word: it has no queue", async () => {
    await use(() => {
      throw new SettingsError("required", { property: "queue" });
    }).close(true);

    assert.deepEqual(log, []);
  });
});
