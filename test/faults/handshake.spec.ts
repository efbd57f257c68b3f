/** A broker that says goodbye in the same breath as hello, before a client can listen. */
import assert from "node:assert/strict";
import type { Connection, ConnectionState } from "../../src/amqp/connection";
import { connectionClose, FakeBroker } from "../support/fake-broker";
import { plainConnection } from "../support/plain-connection";
import { untilValue } from "../support/until";

describe("a connection that is closed in the segment that opens it", () => {
  let broker: FakeBroker;
  let connection: Connection;

  afterEach(async () => {
    await connection.close();
    await broker.close();
  });

  for (const [code, words] of [
    [320, "CONNECTION_FORCED - the node is going down"],
    // What amqplib takes for an error, which ends the process while nobody listens.
    [541, "INTERNAL_ERROR"],
  ] as const) {
    it(`counts as lost and is made again: ${words}`, () => isMadeAgain(connectionClose(code, words)));
  }

  async function isMadeAgain(goodbye: Buffer): Promise<void> {
    broker = await FakeBroker.start((index) => (index === 0 ? goodbye : Buffer.alloc(0)));
    const states: ConnectionState[] = [];
    const address = { host: "127.0.0.1", port: broker.port };
    connection = plainConnection(address, { vhost: "v", user: "u", password: "p" });
    connection.onState((state) => states.push(state));

    connection.open();
    await untilValue(
      () => connection.state.phase,
      (phase) => phase === "connected" && broker.accepted === 2,
      { what: "the second connection" },
    );

    assert.deepEqual(
      states.map(({ phase }) => phase),
      ["connecting", "reconnecting", "connecting", "connected"],
    );
  }
});
