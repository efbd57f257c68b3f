/** When a node's status is shown: at once, and then not too often. */
import assert from "node:assert/strict";
import { StatusDisplay } from "../../../src/nodes/status-display";

describe("showing a status", () => {
  it("shows the first at once and a changed one only after a pause, with what is then true", async () => {
    const shown: string[] = [];
    let text = "one";
    const arrived = new Promise<void>((resolve) => {
      const light = new StatusDisplay(
        () => ({ fill: "green", shape: "dot", text, code: "x" }),
        (status) => {
          shown.push(status.text);
          if (status.text === "three") {
            light.stop();
            resolve();
          }
        },
      );
      light.touch();
      text = "two";
      light.touch();
      text = "three";
      light.touch();
      light.touch();
      // The light does not keep a process alive by itself.
      setTimeout(() => undefined, 1_000);
    });

    await arrived;

    assert.deepEqual(shown, ["one", "three"]);
  });

  it("goes on when somebody sets the clock back", async () => {
    const realNow = Date.now;
    const shown: string[] = [];
    let text = "one";
    let display: StatusDisplay | undefined;
    const arrived = new Promise<void>((resolve, reject) => {
      display = new StatusDisplay(
        () => ({ fill: "green", shape: "dot", text, code: "x" }),
        (status) => {
          shown.push(status.text);
          if (status.text === "two") {
            resolve();
          }
        },
      );
      setTimeout(() => reject(new Error("nothing more was shown")), 1_000);
      display.touch();
    });

    try {
      Date.now = () => realNow() - 3_600_000;
      text = "two";
      display?.touch();
      await arrived;
    } finally {
      Date.now = realNow;
      display?.stop();
    }

    assert.deepEqual(shown, ["one", "two"]);
  });
});
