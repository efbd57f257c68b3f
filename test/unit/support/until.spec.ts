import assert from "node:assert/strict";
import { until, untilValue } from "../../support/until";

describe("until", () => {
  it("gives the first answer that is something", async () => {
    const answers = [undefined, false, null, 0];

    assert.equal(await until(() => answers.shift(), { what: "an answer", every: 1 }), 0);
  });

  it("names what was awaited and the last value when time is up", async () => {
    const waiting = untilValue(
      () => ({ ready: 3 }),
      ({ ready }) => ready === 4,
      { what: "four messages", timeout: 20, every: 5 },
    );

    await assert.rejects(waiting, /waited 20 ms for four messages; last seen: \{ ready: 3 \}/);
  });

  it("tells why the last attempt failed", async () => {
    const waiting = until(() => Promise.reject(new Error("no route")), {
      what: "a host",
      timeout: 20,
      every: 5,
    });

    await assert.rejects(waiting, /a host; last failure: Error: no route/);
  });
});
