import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { otherPorts, portFor, USUAL } from "../../demo/ports";

describe("the ports of the demo", () => {
  it("are the usual ones, or the next that nobody has", async () => {
    const first = await portFor("control", new Set());
    const server = createServer().listen(first, "127.0.0.1");
    await once(server, "listening");

    const second = await portFor("control", new Set());
    const third = await portFor("control", new Set([second]));

    server.close();
    assert.ok(first >= USUAL.control && second > first && third > second);
  });

  it("are said where they are others", () => {
    assert.deepEqual(otherPorts(USUAL), []);
    assert.deepEqual(otherPorts({ ...USUAL, nodeRed: 1884 }), [
      "Port 1880 is taken: Node-RED listens on 1884.",
    ]);
  });
});
