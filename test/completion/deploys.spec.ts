/** A deploy stops nodes that are at work: what they finish within five seconds is not done again. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { FlowNode } from "../support/test-node-red";
import { code } from "./failures";
import { type CompletionStage, completionStage } from "./stage";

const pool = (name: string): FlowNode => ({ id: "first", type: "test-pool", z: "tab", name, wires: [[]] });

const http = (url: string, name: string): FlowNode => ({
  id: "first",
  type: "http request",
  z: "tab",
  name,
  method: "POST",
  ret: "txt",
  paytoqs: "ignore",
  url,
  tls: "",
  persist: false,
  proxy: "",
  insecureHTTPParser: false,
  authType: "",
  senderr: false,
  headers: [],
  wires: [[]],
});

const delay = (name: string): FlowNode => ({
  id: "first",
  type: "delay",
  z: "tab",
  name,
  pauseType: "delay",
  timeout: "60",
  timeoutUnits: "seconds",
  rate: "1",
  nbRateUnits: "1",
  rateUnits: "second",
  randomFirst: "1",
  randomLast: "5",
  randomUnits: "seconds",
  drop: false,
  allowrate: false,
  outputs: 1,
  wires: [["gate"]],
});

for (const version of [5, 4] as const) {
  describe(`a deploy, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let stage: CompletionStage;
    let web: Server;
    let url = "";
    let requests = 0;

    before(async () => {
      stage = await completionStage(version);
      web = createServer((_request, response) => {
        requests += 1;
        setTimeout(() => response.end("done"), 700);
      }).listen(0, "127.0.0.1");
      await once(web, "listening");
      url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
    });

    after(async () => {
      await stage.nodeRed.deploy([]);
      web.closeAllConnections();
      web.close();
    });

    it("lets an http request that is under way end its event", async () => {
      await stage.deploy([http(url, "before")]);
      const arrived = once(web, "request");
      await stage.sends(["event"]);
      await arrived;

      await stage.deploy([http(url, "after")], "nodes");

      assert.deepEqual(await stage.untilEnded(), ["finished"]);
      assert.equal(requests, 1);
    });

    it("lets a node work off its queue after it was closed", async () => {
      await stage.deploy([pool("before")]);
      await stage.sends(Array<string>(30).fill("good"));

      await stage.deploy([pool("after")], "nodes");

      assert.deepEqual(await stage.untilEnded(), Array(30).fill("finished"));
    });

    it("counts what such a node reports after it was closed", async () => {
      await stage.deploy([pool("before")]);
      await stage.sends(Array<string>(30).fill("bad"));

      await stage.deploy([pool("after")], "nodes");

      assert.deepEqual(await stage.untilEnded(), Array(30).fill("failed: table missing"));
    });

    it("brings again at once what a closing node drops and calls done", async () => {
      await stage.deploy([delay("before")]);
      await stage.sends(["one", "two"]);
      await stage.sends(["three"]);

      await stage.deploy([delay("after")], "nodes");

      assert.deepEqual(await stage.untilEnded(1_000), Array(3).fill("abandoned"));
    });

    it("brings again after five seconds what the closed node has not completed", async () => {
      await stage.deploy([code("first", "setTimeout(() => node.done(), 60_000);", { name: "before" })]);
      await stage.sends(["event"]);

      await stage.deploy(
        [code("first", "setTimeout(() => node.done(), 60_000);", { name: "after" })],
        "nodes",
      );

      assert.deepEqual(await stage.outcomes(), [undefined]);
      assert.deepEqual(await stage.untilEnded(7_000), ["abandoned"]);
    });
  });
}
