/** The whole wire table through a real RabbitMQ and a real Node-RED: what is sent, and where it comes out. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { broadcastExchange, outputNames, type Service, services } from "../../src/regards/services";
import { bytesOf, serviceOf, type WireCase, wireTable } from "../regards/wire-table";
import type { Message } from "../support/node-red-wire";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";
import { brokerNode, tab } from "./flows";

/** The administrator's choice, where it is one. */
const exchangeOf = ({ exchange, eventClass }: Service): string =>
  exchange === "chosen" ? "chosen.by.the.administrator" : broadcastExchange("regards", eventClass);

for (const version of [5, 4] as const) {
  describe(`the wire through RabbitMQ and Node-RED ${version}`, function () {
    this.timeout(60_000);
    let vhost: FreshVhost;
    let nodeRed: TestNodeRed;

    before(async () => {
      vhost = await freshVhost();
      nodeRed = await sharedNodeRed(version);
      const connection = await connect(vhost.url);
      const channel = await connection.createConfirmChannel();
      for (const service of services) {
        await channel.assertExchange(exchangeOf(service), "fanout", { durable: true });
      }
      await nodeRed.deploy([tab, brokerNode(vhost, { tenant: "project1" }), ...services.flatMap(flowOf)]);
      for (const { name } of services) {
        await nodeRed.untilStatus(`${name}-in`, ({ code }) => code === "connected");
      }
      for (const [index, wireCase] of wireTable.entries()) {
        const { headers, correlationId } = wireCase;
        channel.publish(exchangeOf(serviceOf(wireCase)), "", bytesOf(wireCase), {
          headers: { "regards.tenant": "project1", "test-case": index, ...headers },
          ...(correlationId === undefined ? {} : { correlationId }),
        });
      }
      await channel.waitForConfirms();
      await connection.close();
    });

    after(async () => {
      await nodeRed.deploy([]);
      await vhost.drop();
    });

    for (const [index, wireCase] of wireTable.entries()) {
      it(`${wireCase.service}: ${wireCase.title}`, async () => {
        const service = serviceOf(wireCase);
        const outputs = outputNames(service);
        const output = outputs.indexOf(wireCase.output);
        const probe = `${service.name}-${output < 0 ? outputs.length : output}`;

        const message = await nodeRed.nextMessage(probe, {
          where: ({ regards }) => (regards as Regards).headers["test-case"] === index,
        });

        check(message, wireCase);
      });
    }
  });
}

interface Regards {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

function check(message: Message, wireCase: WireCase): void {
  const regards = message.regards as Regards;
  if (wireCase.error !== undefined) {
    assert.equal((message.error as { code: string }).code, wireCase.error);
    return;
  }
  assert.equal(message.topic, wireCase.topic ?? wireCase.output);
  assert.equal(regards.service, wireCase.service);
  assert.equal(regards.tenant, "project1");
  assert.equal(regards.redelivered, false);
  assert.equal(regards.attempt, 1);
  const payload = message.payload as Record<string, unknown>;
  for (const [field, expected] of Object.entries(wireCase.payload ?? {})) {
    const found = payload[field];
    assert.deepEqual(found instanceof Uint8Array ? Buffer.from(found) : found, expected, field);
  }
  for (const [field, expected] of Object.entries(wireCase.regards ?? {})) {
    assert.deepEqual(regards[field], expected, field);
  }
  for (const [header, expected] of Object.entries(wireCase.headers ?? {})) {
    assert.deepEqual(regards.headers[header], expected, header);
  }
}

function flowOf(service: Service) {
  const probes = [...outputNames(service), "unrecognised"].map((_, output) => `${service.name}-${output}`);
  return [
    {
      id: `${service.name}-in`,
      type: `regards-${service.name}-in`,
      z: "tab",
      broker: "broker",
      queueType: "classic",
      maxInFlight: 100,
      exchange: exchangeOf(service),
      wires: probes.map((probe) => [probe]),
    },
    ...probes.map((id) => ({ id, type: "test-probe", z: "tab", wires: [] })),
  ];
}
