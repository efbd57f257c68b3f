/** What tells one Node-RED from another in the names of its queues. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { installationOf } from "../../../src/nodes/installation";

type RED = Parameters<typeof installationOf>[0];

const withSettings = (settings: object): RED => ({ settings }) as unknown as RED;
const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

describe("the installation", () => {
  it("is the beginning of a digest of Node-RED's instance id", () => {
    const RED = withSettings({ get: (name: string) => (name === "instanceId" ? "abc" : undefined) });

    assert.equal(installationOf(RED), "ba7816bf");
  });

  for (const [title, settings] of [
    ["without an instance id", { get: () => undefined, userDir: "/data" }],
    ["with an empty one", { get: () => "", userDir: "/data" }],
    ["whose settings cannot be asked", { userDir: "/data" }],
    [
      "whose settings are not available",
      {
        get: () => {
          throw new Error("Settings not available");
        },
        userDir: "/data",
      },
    ],
  ] as const) {
    it(`of a Node-RED ${title} comes from the machine's name and the user directory`, () => {
      assert.equal(installationOf(withSettings(settings)), digest(`${hostname()}/data`));
    });
  }

  it("stands where Node-RED knows neither an instance id nor a user directory", () => {
    assert.equal(installationOf(withSettings({})), digest(hostname()));
  });
});
