/** What may stand in a dialog, and what is said of what may not; a password is never repeated. */
import assert from "node:assert/strict";
import { brokerSettings } from "../../../src/nodes/broker-settings";
import { consumerSettings, filterOf } from "../../../src/nodes/consumer-settings";
import { outSettings } from "../../../src/nodes/out-node-settings";
import { type Definition, SettingsError } from "../../../src/nodes/settings";
import { newCorrelationId } from "../../../src/regards/correlation";
import { acknowledgement } from "../../../src/regards/requests";
import { dissemination, order } from "../../../src/regards/services";

const unset = (name: string): string => ["$", `{${name}}`].join("");
const system = { namespace: "regards", tenant: undefined, address: undefined, appId: "node-red" };
const consumer = (definition: Definition) =>
  consumerSettings(definition, { id: "id", installation: "0123abcd" }, order, system);
const broker = (definition: Definition) => brokerSettings({ hosts: "h", ...definition }, false);

describe("the settings of a broker node", () => {
  it("are hosts with their ports, IPv6 in brackets", () => {
    const { endpoints } = broker({ hosts: "a, b:1 , [::1]:2" });

    assert.deepEqual(endpoints, [
      { hostname: "a", port: 5672 },
      { hostname: "b", port: 1 },
      { hostname: "::1", port: 2 },
    ]);
  });

  it("name all variables that are not set at once, those of user and password too", () => {
    const definition = {
      ...{ tenant: unset("TENANT"), vhost: unset("VHOST"), heartbeat: unset("BEAT") },
      ...{ user: unset("USER_NAME"), password: unset("PASS") },
    };

    assert.throws(() => broker(definition), {
      key: "unset",
      values: {
        property: "vhost, user, password, tenant, heartbeat",
        value: ["VHOST", "USER_NAME", "PASS", "TENANT", "BEAT"].map(unset).join(", "),
      },
    });
  });

  for (const hosts of [
    "amqp://user:pa55word@host",
    "amqps://user:pa55word@host:5671/vhost",
    "user:pa55word@host",
    "good, amqp://user:pa55word,x@host",
    "//user:pa55word",
    "amqp://pa55word",
    "user:pa55word",
    "user:1pa55word",
  ]) {
    it(`never repeat what was pasted into the hosts: ${hosts}`, () => {
      assert.throws(
        () => broker({ hosts }),
        (error) => {
          assert.ok(error instanceof SettingsError);
          assert.ok(!JSON.stringify([error.message, error.values, error.stack]).includes("pa55word"));
          return true;
        },
      );
    });
  }

  it("do not repeat the login in an address either", () => {
    for (const address of ["ftp://user:pa55word@host", "https://user:pa55word@host", "user:pa55word@host"]) {
      assert.throws(
        () => broker({ address }),
        (error) => error instanceof SettingsError && !error.message.includes("pa55word"),
      );
    }
  });
});

describe("the settings of an in-node", () => {
  it("name the exchange where the administrator has chosen it, unless the queue is bound already", () => {
    const of = (definition: Definition) =>
      consumerSettings(definition, { id: "id", installation: "0123abcd" }, dissemination, system).queue;
    const refused = { key: "required", values: { property: "exchange" } };

    assert.throws(() => of({}), refused);
    assert.throws(() => of({ queueMode: "temporary", exchange: " " }), refused);
    assert.throws(() => of({ exchange: "é".repeat(128) }), { key: "long" });
    assert.deepEqual(of({ queueMode: "existing", queue: "q" }), { mode: "existing", name: "q" });
    assert.deepEqual(of({ exchange: " a.b ", queueType: "classic" }), {
      ...{ mode: "own", name: "nodered.all.dissemination.0123abcd.id", type: "classic", exchange: "a.b" },
    });
  });

  it("ask for no correlation id where the events have none", () => {
    const definition = { exchange: "x", correlationType: "prefix", correlation: "demo-" };

    const { anyCorrelation, correlation } = consumerSettings(
      definition,
      { id: "id", installation: "0123abcd" },
      dissemination,
      system,
    );

    assert.ok(anyCorrelation && correlation(undefined));
  });

  it("refuse a filter without a value: it would let everything through", () => {
    for (const correlationType of ["prefix", "regex"]) {
      assert.throws(() => consumer({ correlationType, correlation: " " }), {
        key: "required",
        values: { property: "correlation" },
      });
    }
  });

  it("keep as their own what was asked through their broker node, and need no value for it", () => {
    const { correlation, anyCorrelation } = consumer({ correlationType: "mine", broker: "b1" });

    assert.equal(anyCorrelation, false);
    assert.equal(correlation(newCorrelationId("b1")), true);
    assert.equal(correlation(newCorrelationId("b2")), false);
    assert.equal(correlation(undefined), false);
  });

  it("tell two broker nodes' own answers apart, whatever value an earlier filter has left", () => {
    const filter = (broker: string, correlation: string) =>
      filterOf({ correlationType: "mine", broker, correlation }, order, system);

    assert.equal(filter("b1", "left"), filter("b1", ""));
    assert.notEqual(filter("b1", ""), filter("b2", ""));
  });

  it("look at the first 1 024 characters of a correlation id only", () => {
    const { correlation } = consumer({ correlationType: "regex", correlation: "end$" });

    assert.equal(correlation(`${"x".repeat(1_021)}end`), true);
    assert.equal(correlation(`${"x".repeat(1_022)}end`), false);
    assert.equal(correlation(undefined), false);
  });

  it("name all variables that are not set at once", () => {
    assert.throws(() => consumer({ queue: unset("QUEUE"), owner: unset("OWNER") }), {
      key: "unset",
      values: { property: "queue, owner", value: `${unset("QUEUE")}, ${unset("OWNER")}` },
    });
  });
});

describe("the settings of an acknowledging node", () => {
  it("have defaults for what an older flow does not hold", () => {
    assert.deepEqual(outSettings({}, acknowledgement), {
      inputs: { urn: { value: "payload", type: "msg" }, recipientLabel: { value: "", type: "str" } },
      choices: { target: "auto" },
      noAnswerAfter: 0,
      store: undefined,
      outboxLimit: 1_000,
    });
  });

  it("name all variables that are not set at once", () => {
    assert.throws(
      () => outSettings({ recipientLabel: unset("LABEL"), outboxLimit: unset("LIMIT") }, acknowledgement),
      {
        values: { property: "recipientLabel, outboxLimit", value: `${unset("LABEL")}, ${unset("LIMIT")}` },
      },
    );
  });
});
