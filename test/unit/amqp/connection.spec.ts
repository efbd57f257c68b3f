/** The supervised connection without a broker: late channels, frozen brokers, guards that no longer apply. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { Broker } from "../../../src/amqp/broker";
import { Connection, type ConnectionOptions, type ConnectionState } from "../../../src/amqp/connection";
import { SharedConnection } from "../../../src/amqp/shared-connection";
import { FakeChannel } from "../../support/fake-channel";
import { FakeModel } from "../../support/fake-model";

const options: ConnectionOptions = {
  ...{ endpoints: [{ hostname: "h", port: 1 }], vhost: "/", username: "u", password: "p", heartbeat: 0 },
  name: "test",
  timing: { connect: 20, close: 20 },
};

describe("a connection", () => {
  let model: FakeModel;

  beforeEach(() => {
    model = new FakeModel();
  });

  async function connected(more: Partial<ConnectionOptions> = {}): Promise<Connection> {
    const connection = new Connection({ ...options, ...more }, async () => model.typed);
    connection.open();
    await until(connection, "connected");
    return connection;
  }

  it("closes a channel that opens after its deadline", async () => {
    const late = new FakeChannel();
    let open: (channel: FakeChannel) => void = () => undefined;
    model.opens = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    const connection = await connected();
    await assert.rejects(connection.channel(), /opening a channel timed out/);

    open(late);
    await turn();

    assert.ok(late.isClosed);
    await connection.close();
  });

  it("closes a channel that opens while the connection is being closed", async () => {
    const late = new FakeChannel();
    model.opens = async () => late;
    const connection = await connected();

    const opening = connection.channel();
    await Promise.all([connection.close(), assert.rejects(opening, /Connection closed/)]);

    assert.ok(late.isClosed);
  });

  it("closes within its limit when the broker is frozen", async () => {
    model.closes = () => new Promise(() => undefined);
    let isDestroyed = false;
    model.connection.stream = {
      destroy: () => {
        isDestroyed = true;
      },
    };
    const connection = await connected();

    await connection.close();

    assert.ok(isDestroyed);
    assert.equal(connection.state.phase, "closing");
  });

  it("does not open again after it was closed", async () => {
    const connection = await connected();
    await connection.close();

    connection.open();

    assert.equal(connection.state.phase, "closing");
  });

  describe("asked something aside", () => {
    let opened: FakeChannel[];

    const opens = async (): Promise<FakeChannel> => {
      const channel = new FakeChannel();
      opened.push(channel);
      return channel;
    };

    beforeEach(() => {
      opened = [];
      model.opens = opens;
    });

    /** The connection is lost; the next one is another. */
    function lose(): void {
      const gone = model;
      model = new FakeModel();
      model.opens = opens;
      gone.emit("close");
    }

    it("asks by the same channel again, and by another one at the same time only", async () => {
      const connection = await connected();

      assert.equal(await connection.aside(async () => 1), 1);
      await connection.aside(async () => undefined);
      assert.equal(opened.length, 1);
      await Promise.all([connection.aside(async () => turn()), connection.aside(async () => turn())]);

      assert.equal(opened.length, 2);
      assert.deepEqual(
        opened.map(({ isClosed }) => isClosed),
        [false, true],
      );
      await connection.close();
    });

    it("listens to a channel no more often, however often it asks by it", async () => {
      const connection = await connected();
      await connection.aside(async () => undefined);
      const listeners = opened[0]?.listenerCount("close");

      await connection.aside(async () => undefined);

      assert.equal(opened[0]?.listenerCount("close"), listeners);
      await connection.close();
    });

    it("asks no more by a channel on which something was refused, or not answered in time", async () => {
      const connection = await connected();
      const refused = new Error("NOT_FOUND - no queue 'q'");

      await assert.rejects(
        connection.aside(async () => {
          throw refused;
        }),
        refused,
      );
      await assert.rejects(
        connection.aside(() => new Promise(() => undefined)),
        /timed out/,
      );
      await connection.aside(async () => undefined);

      assert.equal(opened.length, 3);
      assert.deepEqual(
        opened.map(({ isClosed }) => isClosed),
        [true, true, false],
      );
      await connection.close();
    });

    it("asks no more by a channel that has gone meanwhile, nor by one of a connection before", async () => {
      const connection = await connected();
      await connection.aside(async () => undefined);
      opened[0]?.emit("close");
      await connection.aside(async () => undefined);
      assert.equal(opened.length, 2);

      lose();
      await until(connection, "connected");
      await connection.aside(async () => undefined);

      assert.equal(opened.length, 3);
      await connection.close();
    });

    it("keeps no channel whose connection was lost while it was asked", async () => {
      const connection = await connected();

      await connection.aside(async () => lose());
      await until(connection, "connected");
      await connection.aside(async () => undefined);

      assert.ok(opened[0]?.isClosed);
      assert.equal(opened.length, 2);
      await connection.close();
    });
  });

  it("says which of its guards amqplib has no place for any more", async () => {
    const told: string[] = [];
    const unguarded = (guards: readonly string[]): void => void told.push(...guards);
    const whole = await connected({ unguarded });
    assert.deepEqual(told, []);
    await whole.close();

    model = new FakeModel();
    model.connection.accept = undefined;
    model.connection.muxer = {};
    model.connection.rest = "text";
    delete model.connection.stream;
    const changed = await connected({ unguarded });

    assert.deepEqual(told, ["gathered frames", "late frames", "unreadable headers", "socket"]);
    await changed.close();
  });

  it("counts its waits on a clock that nobody sets", async (): Promise<void> => {
    const connection = new Connection(options, async () => {
      throw new Error("connect ECONNREFUSED");
    });
    const { now } = Date;
    Date.now = () => 0;
    try {
      connection.open();
      const state = await until(connection, "reconnecting");
      assert.ok(state.phase === "reconnecting");
      const wait = state.retryAt - performance.now();
      assert.ok(wait > -1_000 && wait < 1_000, String(wait));
    } finally {
      Date.now = now;
      await connection.close();
    }
  });
});

describe("a shared connection", () => {
  it("opens none for who comes after it was closed, and takes a late return calmly", async () => {
    const states: string[] = [];
    const shared = new SharedConnection(options, ({ phase }) => states.push(phase));
    const early = shared.lease();
    await shared.close();
    const before = states.length;

    const late = shared.lease();
    await early.release();

    assert.equal(late.connection.state.phase, "closing");
    assert.equal(states.length, before);
    await late.release();
  });
});

describe("a broker", () => {
  const log = { warn: () => undefined, info: () => undefined };

  it("lets its users leave before it closes, and does not wait for them once they are gone", async () => {
    const broker = new Broker(options, log);
    const { connection, release } = broker.lease("publish");
    let phaseAtLeaving = "";
    broker.onClosing(async () => {
      phaseAtLeaving = connection.state.phase;
      await release();
    });

    await broker.close();

    assert.notEqual(phaseAtLeaving, "closing");
    assert.equal(connection.state.phase, "closing");
  });

  it("does not call a user that has stopped listening", async () => {
    const broker = new Broker(options, log);
    let calls = 0;
    const stop = broker.onClosing(async () => {
      calls += 1;
    });
    stop();

    await broker.close();

    assert.equal(calls, 0);
  });
});

async function until(connection: Connection, phase: ConnectionState["phase"]): Promise<ConnectionState> {
  const { EventEmitter } = await import("node:events");
  const changes = new EventEmitter();
  const stop = connection.onState((state) => changes.emit(state.phase, state));
  const { state } = connection;
  const [found] = state.phase === phase ? [state] : await once(changes, phase);
  stop();
  return found as ConnectionState;
}
