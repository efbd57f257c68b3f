/** Which requests of an out-node are remembered, when, and which of them are forgotten again. */
import assert from "node:assert/strict";
import { RefusedError } from "../../../src/publish/refusal";
import { Request } from "../../../src/publish/request";
import { RequestMemory } from "../../../src/publish/request-memory";
import type { Sent } from "../../../src/publish/requester";
import { orderRequests, type RequestKind, workerRequests } from "../../../src/regards/requests";

const HOUR = 3_600_000;

describe("the memory of an out-node", () => {
  let told: unknown[];

  beforeEach(() => {
    told = [];
  });

  function memoryOf(kind: RequestKind): RequestMemory {
    const asked = {
      remember: async (...all: unknown[]) => void told.push(["remember", ...all]),
      sent: () => undefined,
      forget: (correlationId: string) => void told.push(["forget", correlationId]),
    };
    return new RequestMemory(kind, asked, { noAnswerAfter: HOUR, store: "disk" }, "node");
  }

  const request = (kind: RequestKind, values: Readonly<Record<string, unknown>>) =>
    new Request(kind, { values, payload: {}, correlationId: "made" });

  const nothing = { service: null, exchange: null, messageId: null, tenant: null };
  const refused = (code: string): Sent => ({
    published: false,
    error: new RefusedError(code, "", {}),
    regards: nothing,
  });

  it("has a request remembered with what it is to be known by, by the id of its answers", async () => {
    await memoryOf(workerRequests).remember(request(workerRequests, { remember: { ticket: 7 } }));

    const asked = { correlationId: "made", service: "worker", nodeId: "node" };
    assert.deepEqual(told, [["remember", asked, { ticket: 7 }, HOUR, "disk"]]);
  });

  it("has it remembered once, however often it is tried", async () => {
    const memory = memoryOf(workerRequests);
    const again = request(workerRequests, {});
    await memory.remember(again);
    await memory.remember(again);

    assert.equal(told.length, 1);
  });

  it("has it remembered by another broker node, and no longer by the first, where its node is given that", async () => {
    const first = memoryOf(workerRequests);
    const second = memoryOf(workerRequests);
    const moved = request(workerRequests, { remember: "me" });
    await first.remember(moved);
    await second.remember(moved);

    assert.deepEqual(
      told.map((each) => (each as unknown[])[0]),
      ["remember", "forget", "remember"],
    );
  });

  it("takes a text without a character for nothing to be known by", async () => {
    await memoryOf(workerRequests).remember(request(workerRequests, { remember: "" }));

    assert.deepEqual(told.flat()[2], undefined);
  });

  it("remembers no cancelling of an order: REGARDS never answers one", async () => {
    const memory = memoryOf(orderRequests);
    const cancel = request(orderRequests, { action: "cancel", correlationId: "order-1" });
    await memory.remember(cancel);
    memory.ended(cancel, refused("REGARDS_NOT_PUBLISHED"));

    assert.deepEqual(told, []);
  });

  it("remembers nothing of a request whose id cannot be told, which is refused for that", async () => {
    await memoryOf(workerRequests).remember(request(workerRequests, { correlationId: { not: "text" } }));

    assert.deepEqual(told, []);
  });

  it("forgets what was refused, and keeps what was published or may have been", () => {
    const memory = memoryOf(workerRequests);
    const each = request(workerRequests, {});
    memory.ended(each, { published: true, regards: nothing });
    memory.ended(each, refused("REGARDS_UNCERTAIN"));
    assert.deepEqual(told, []);

    memory.ended(each, refused("REGARDS_OUTBOX_FULL"));
    assert.deepEqual(told, [["forget", "made"]]);
  });
});
