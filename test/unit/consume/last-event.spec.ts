/** What a node remembers of what it received. */
import assert from "node:assert/strict";
import { Seen } from "../../../src/consume/last-event";
import type { Recognised } from "../../../src/regards/event";

describe("what an in-node has seen", () => {
  const event = (status: string) => ({ recognised: true, status, correlationId: "c-1" }) as Recognised;
  const delivery = (body: string) => ({ content: Buffer.from(body) });
  let seen: Seen;

  beforeEach(() => {
    seen = new Seen(() => 5_000);
  });

  it("is nothing at first", () => {
    assert.equal(seen.count, 0);
    assert.equal(seen.last, undefined);
    assert.equal(seen.nothingWanted, undefined);
  });

  it("is the last event with its body", () => {
    seen.wanted(event("GRANTED"), delivery('{"status":"GRANTED"}'));
    seen.wanted(event("DONE"), delivery('{"status":"DONE"}'));

    const { status, at, correlationId, body } = seen.last ?? {};
    assert.deepEqual(
      { status, at, correlationId, body },
      {
        ...{ status: "DONE", at: 5_000, correlationId: "c-1", body: '{"status":"DONE"}' },
      },
    );
    assert.equal(seen.count, 2);
  });

  it("leaves out a body that is too long to be kept", () => {
    seen.wanted(event("DONE"), delivery("x".repeat(65_537)));

    assert.equal(seen.last?.body, undefined);
    assert.equal(seen.last?.status, "DONE");
  });

  it("asks about the filter once twenty have come and none was wanted, naming what most of them did not meet", () => {
    for (let count = 0; count < 19; count += 1) {
      seen.unwanted(count % 3 === 0 ? "correlation" : "tenant");
    }
    assert.equal(seen.nothingWanted, undefined);

    seen.unwanted("tenant");

    assert.deepEqual(seen.nothingWanted, { received: 20, condition: "tenant" });
  });

  it("asks no more from the first wanted event on", () => {
    for (let count = 0; count < 30; count += 1) {
      seen.unwanted("tenant");
    }
    seen.wanted(event("DONE"), delivery("{}"));
    for (let count = 0; count < 30; count += 1) {
      seen.unwanted("tenant");
    }

    assert.equal(seen.nothingWanted, undefined);
  });

  it("suggests tenants of whatever came, and correlation ids of what may be wanted: the latest first, each once", () => {
    for (const tenant of ["project1", "project2", undefined, "", "project1"]) {
      seen.came(tenant);
    }
    seen.wanted({ ...event("DONE"), correlationId: "mine" }, delivery("{}"));
    seen.told("somebody's");
    seen.told("x".repeat(256));

    assert.deepEqual(seen.lately, {
      tenants: ["project1", "project2"],
      correlationIds: ["somebody's", "mine"],
    });
  });

  it("suggests no more than twenty", () => {
    for (let place = 1; place <= 25; place += 1) {
      seen.told(`id-${place}`);
    }

    assert.equal(seen.lately.correlationIds.length, 20);
    assert.deepEqual([seen.lately.correlationIds[0], seen.lately.correlationIds.at(-1)], ["id-25", "id-6"]);
  });
});
