import assert from "node:assert/strict";
import { once } from "node:events";
import { type Stage, setStage } from "./stage";
import { EVENT_CLASS, exchangeOf } from "./wire";

const PROJECT = { "regards.tenant": "project1" };

/** Bodies without the fields that differ from run to run. */
const OUTCOMES = [
  {
    title: "an order that could never be created: FAILED without an order id",
    request: { queries: ["nothing:1"] },
    end: {
      status: "FAILED",
      message: "EmptySelectionException: This selection contains no file that can be ordered",
      errorType: "EMPTY_ORDER",
    },
  },
  {
    title: "an order of which nothing could be retrieved: FAILED without a link",
    request: { queries: ["files:2 AND failing:2"] },
    end: {
      status: "FAILED",
      message:
        "Order of user john@cnes.fr is finished with errors. One or many files could not be retrieved.",
      errorType: "INTERNAL_ERROR",
      errors: 2,
      totalSubOrders: 1,
    },
  },
  {
    title: "an order of which a part could be retrieved: FAILED with a link",
    request: { queries: ["files:3 AND failing:1"] },
    end: {
      status: "FAILED",
      message: "Order of user john@cnes.fr is finished with some warnings.",
      downloadLink: "LINK",
      errorType: "INTERNAL_ERROR",
      errors: 1,
      totalSubOrders: 1,
    },
  },
  {
    title: "an order whose filters match nothing: FAILED with a link, no errors and no sub-order",
    request: { queries: ["files:2"], filters: { dataTypes: ["RAWDATA"], filenameRegExp: "no-such-file" } },
    end: {
      status: "FAILED",
      message: "Order of user john@cnes.fr is finished with some warnings.",
      downloadLink: "LINK",
      errorType: "INTERNAL_ERROR",
      totalSubOrders: 0,
    },
  },
  {
    title: "an order over its size limit: DENIED, without errors",
    request: { queries: ["files:1 AND bytes:100"], sizeLimitInBytes: 99 },
    end: {
      status: "DENIED",
      message: "ExceededBasketSizeException: The basket holds 100 bytes, over 99",
      errorType: "ORDER_LIMIT_REACHED",
    },
  },
  {
    title: "an order of an unknown user: DENIED as FORBIDDEN",
    request: { user: "x@y.z" },
    end: {
      status: "DENIED",
      message: "[FORBIDDEN] Unknown user : x@y.z at user: rejected value [null].",
      errorType: "FORBIDDEN",
      errors: 1,
    },
  },
];

describe("the simulated rs-order", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await setStage();
  });
  afterEach(() => stage.strike());

  it("tells an order's life field by field, without a null", async () => {
    const correlationId = await stage.regards.requestOrder({ queries: ["files:1"] });

    await stage.wire.untilAbout({ correlationId, status: "DONE" });

    const bodies = stage.wire.about({ correlationId }).map(({ body }) => body);
    const orderId = bodies[0]?.orderId;
    const downloadLink = `${stage.regards.address}/api/v1/rs-order/user/orders/${orderId}/download`;
    assert.equal(typeof orderId, "number");
    assert.deepEqual(bodies, [
      { status: "GRANTED", orderId, correlationId },
      {
        status: "SUBORDER_DONE",
        orderId,
        correlationId,
        message: "A sub-order of user john@cnes.fr is finished and ready to download.",
        downloadLink,
        totalSubOrders: 1,
        subOrderId: 98_071,
      },
      {
        status: "DONE",
        orderId,
        correlationId,
        message: "Order of user john@cnes.fr is finished",
        downloadLink,
        totalSubOrders: 1,
      },
    ]);
  });

  it("gives every event the properties of REGARDS' publisher, and no others", async () => {
    const correlationId = await stage.regards.requestOrder();

    const { properties, headers, fields } = await stage.wire.untilAbout({ correlationId, status: "GRANTED" });

    const given = Object.entries(properties).filter(([, value]) => value !== undefined);
    const { timestamp, ...fixed } = Object.fromEntries(given);
    assert.deepEqual(fixed, {
      appId: "REGARDS",
      priority: 1,
      deliveryMode: 2,
      contentType: "application/json",
      contentEncoding: "UTF-8",
      correlationId,
    });
    assert.ok(Math.abs(Date.now() / 1000 - Number(timestamp)) < 60, `${timestamp} is in seconds`);
    assert.deepEqual(headers, {
      "regards.tenant": "project1",
      "regards.converter": "GSON",
      "regards.type": EVENT_CLASS.order,
    });
    assert.equal(fields.exchange, exchangeOf("regards", "order"));
    assert.equal(fields.routingKey, "");
  });

  for (const { title, request, end } of OUTCOMES) {
    it(`ends ${title}`, async () => {
      const correlationId = await stage.regards.requestOrder(request);

      const { body } = await stage.wire.untilAbout({ correlationId, status: end.status });

      const { orderId, correlationId: _, downloadLink, ...rest } = body;
      const { downloadLink: linked, ...expected } = { downloadLink: undefined, ...end };
      assert.deepEqual(rest, expected);
      assert.equal(downloadLink === undefined, linked === undefined);
      const neverCreated = end.status === "DENIED" || end.errorType === "EMPTY_ORDER";
      assert.equal(orderId === undefined, neverCreated);
    });
  }

  it("grants every third order after its first sub-order only", async () => {
    const first: unknown[] = [];
    for (const user of ["john@cnes.fr", "john@cnes.fr", "jane@cnes.fr"]) {
      const correlationId = await stage.regards.requestOrder({ user });
      await stage.wire.untilAbout({ correlationId, status: "DONE" });
      first.push(stage.wire.about({ correlationId })[0]?.body.status);
    }

    assert.deepEqual(first, ["GRANTED", "GRANTED", "SUBORDER_DONE"]);
  });

  it("warns in SUBORDER_DONE of the files it could not have", async () => {
    const correlationId = await stage.regards.requestOrder({ queries: ["files:3 AND failing:2"] });

    const { body } = await stage.wire.untilAbout({ correlationId, status: "SUBORDER_DONE" });

    assert.equal(body.message, "A sub-order of user john@cnes.fr is finished with some warnings.");
    assert.equal(body.errorType, "INTERNAL_ERROR");
    assert.equal(body.errors, 2);
  });

  it("sends no SUBORDER_DONE for a sub-order without a single file", async () => {
    const correlationId = await stage.regards.requestOrder({
      queries: ["subOrders:2 AND files:1 AND failing:1"],
    });

    await stage.wire.untilAbout({ correlationId, status: "FAILED" });

    assert.equal(stage.wire.about({ correlationId, status: "SUBORDER_DONE" }).length, 1);
  });

  it("holds two sub-orders per owner, whatever their orders, until something is downloaded", async () => {
    const first = await stage.regards.requestOrder({ queries: ["subOrders:2 AND files:1"] });
    await stage.wire.untilAbout({ correlationId: first, status: "DONE" });

    const second = await stage.regards.requestOrder({ queries: ["subOrders:1 AND files:1"] });
    const { body } = await stage.wire.untilAbout({ correlationId: second, status: "GRANTED" });
    const other = await stage.regards.requestOrder({ user: "jane@cnes.fr" });
    await stage.wire.untilAbout({ correlationId: other, status: "DONE" });
    assert.deepEqual(
      stage.wire.about({ correlationId: second }).map((message) => message.body.status),
      ["GRANTED"],
      "another owner's order passes by",
    );

    await stage.regards.cancelOrder(Number(stage.wire.about({ correlationId: first })[0]?.body.orderId));
    await stage.wire.untilAbout({ correlationId: second, status: "DONE" });
    assert.notEqual(body.orderId, undefined);
  });

  it("drops in silence what names no tenant, an unknown one, or no correlation id", async () => {
    const valid = { correlationId: "c-1", user: "john@cnes.fr", queries: ["files:1"] };
    const dropped = async (body: unknown, headers: Record<string, unknown>) => {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("orderRequest", body, { headers });
      const [{ reason }] = await drop;
      return reason;
    };

    assert.equal(await dropped(valid, {}), "no tenant");
    assert.equal(await dropped(valid, { "regards.tenant": "" }), "no tenant");
    assert.equal(await dropped(valid, { "regards.tenant": "nowhere" }), "unknown tenant");
    assert.equal(await dropped("{,}", { "regards.tenant": "project1" }), "unreadable");
    assert.equal(
      await dropped({ ...valid, correlationId: null }, { "regards.tenant": "project1" }),
      "invalid",
    );
    assert.equal(stage.regards.droppedRequests.length, 5);
    assert.equal(stage.wire.heard.length, 0);
  });

  for (const [title, wrong] of [
    ["nobody", { user: null }],
    ["a user too long", { user: "x".repeat(129) }],
    ["no queries", { queries: [] }],
    ["filters without data types", { filters: { filenameRegExp: ".*" } }],
    ["an empty list of data types", { filters: { dataTypes: [] } }],
  ] as const) {
    it(`denies an order with ${title}`, async () => {
      const valid = { correlationId: "c-1", user: "john@cnes.fr", queries: ["files:1"] };
      await stage.regards.send("orderRequest", { ...valid, ...wrong }, { headers: PROJECT });

      const { body } = await stage.wire.until(({ body: { status } }) => status !== undefined);

      assert.deepEqual([body.status, body.errorType], ["DENIED", "INTERNAL_ERROR"]);
      assert.equal(body.orderId, undefined);
    });
  }

  it("compares a pattern with the whole name, and takes a blank one for none", async () => {
    const filters = (filenameRegExp: string) => ({ filters: { dataTypes: ["RAWDATA"], filenameRegExp } });
    const statuses: unknown[] = [];
    for (const pattern of ["product", "(?i)PRODUCT-.*", " "]) {
      const correlationId = await stage.regards.requestOrder({ queries: ["files:1"], ...filters(pattern) });
      const { body } = await stage.wire.until(
        ({ body: each }) =>
          each.correlationId === correlationId && /^(DONE|FAILED)$/.test(String(each.status)),
      );
      await stage.regards.cancelOrder(Number(body.orderId));
      statuses.push(body.status);
    }

    assert.deepEqual(statuses, ["FAILED", "DONE", "DONE"]);
  });

  it("grants an order whose pattern Java refuses, and never says another word of it", async () => {
    const filters = { dataTypes: ["RAWDATA"], filenameRegExp: "*.tif" };
    const correlationId = await stage.regards.requestOrder({ filters });
    await stage.wire.untilAbout({ correlationId, status: "GRANTED" });

    const next = await stage.regards.requestOrder();
    await stage.wire.untilAbout({ correlationId: next, status: "DONE" });

    assert.equal(stage.wire.about({ correlationId }).length, 1);
  });

  it("drops a cancelling without a correlation id, or without the id of an order", async () => {
    for (const body of [
      { orderId: 1 },
      { orderId: 1, correlationId: "x".repeat(256) },
      { correlationId: "c-1" },
      { correlationId: "c-1", orderId: null },
      { correlationId: "c-1", orderId: "first" },
    ]) {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("orderCancel", body, { headers: PROJECT });
      const [{ reason }] = await drop;
      assert.equal(reason, "invalid", JSON.stringify(body));
    }
  });

  it("lets everybody else's events through the same exchanges", async () => {
    await stage.regards.letOthersAct();

    for (const tenant of ["project1", "project2"]) {
      for (const event of ["order", "submission", "worker"] as const) {
        const exchange = exchangeOf("regards", event);
        await stage.wire.until(
          ({ headers, fields }) => headers["regards.tenant"] === tenant && fields.exchange === exchange,
        );
      }
    }
    const done = await stage.wire.untilAbout({ status: "DONE" });
    assert.match(String(done.body.correlationId), /^auto-correlation-id-/);
  });

  it("writes a link on the host the administrator typed, however odd", async () => {
    const odd = await setStage({ host: "null" });
    const correlationId = await odd.regards.requestOrder();

    const { body } = await odd.wire.untilAbout({ correlationId, status: "DONE" });

    await odd.strike();
    assert.match(String(body.downloadLink), /^null\/api\/v1\/rs-order\/user\/orders\/\d+\/download$/);
  });
});
