import assert from "node:assert/strict";
import { type Control, startControl } from "../../demo/control";
import { freePort } from "../../support/free-port";

describe("the control address of the demo", () => {
  let control: Control;
  let address: string;
  let done: string[];

  beforeEach(async () => {
    done = [];
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    control = await startControl(port, {
      "full-disk": () => {
        done.push("full-disk");
        return "The disk is full.";
      },
      "no-luck": () => Promise.reject(new Error("it cannot be done")),
    });
  });
  afterEach(() => control.close());

  const post = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${address}/${path}`, { method: "POST", headers });

  it("does what it is asked for, and says so", async () => {
    const response = await post("full-disk");

    assert.equal(await response.text(), "The disk is full.");
    assert.deepEqual(done, ["full-disk"]);
  });

  it("says what it could not do", async () => {
    const response = await post("no-luck");

    assert.equal(response.status, 500);
    assert.equal(await response.text(), "it cannot be done");
  });

  it("does nothing that it does not know, nor for a look, nor for a page of somebody else's", async () => {
    for (const response of [
      await post("toString"),
      await fetch(`${address}/full-disk`),
      await post("full-disk", { origin: "https://elsewhere.example.org" }),
    ]) {
      assert.equal(response.status, 404);
    }
    assert.deepEqual(done, []);
  });
});
