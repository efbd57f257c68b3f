/** Every cause a person can act on is named, in the words Node, TLS, amqplib and RabbitMQ really use. */
import assert from "node:assert/strict";
import { faultOf, needsSomebody } from "../../../src/amqp/fault";

describe("naming faults", () => {
  for (const [words, code, subject] of [
    [
      'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."',
      "login",
    ],
    ["SASL mechanism EXTERNAL is not provided by the server", "login"],
    ["Expected ConnectionOpenOk; got <ConnectionClose channel:0>", "vhost"],
    [
      "Operation failed: QueueDeclare; 404 (NOT-FOUND) with message \"NOT_FOUND - no queue 'q.1' in vhost '/'\"",
      "queue-missing",
      "q.1",
    ],
    [
      "Channel closed by server: 404 (NOT-FOUND) with message \"NOT_FOUND - no exchange 'x' in vhost 'v'\"",
      "exchange-missing",
      "x",
    ],
    [
      "403 (ACCESS-REFUSED) with message \"ACCESS_REFUSED - access to queue 'q' in vhost 'v' refused for user 'u'\"",
      "forbidden",
      "q",
    ],
    [
      "406 (PRECONDITION-FAILED) with message \"PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost 'v'\"",
      "queue-differs",
      "q",
    ],
    [
      "405 (RESOURCE-LOCKED) with message \"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost 'v'\"",
      "queue-locked",
      "q",
    ],
    [
      '406 (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms"',
      "consumer-timeout",
    ],
    [
      "403 (ACCESS-REFUSED) with message \"ACCESS_REFUSED - queue 'q' in vhost 'v' in exclusive use\"",
      "queue-exclusive",
      "q",
    ],
    [
      "Handshake terminated by server: 530 (NOT-ALLOWED) with message \"NOT_ALLOWED - connection refused for user 'u': user connection limit (1) is reached\"",
      "connection-limit",
    ],
    [
      "530 (NOT-ALLOWED) with message \"NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (2) is reached\"",
      "connection-limit",
    ],
    [
      "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (2) is reached",
      "connection-limit",
    ],
    ["NOT_ALLOWED - access to vhost 'v' refused for user 'u'", "vhost"],
    ["NOT_ALLOWED - vhost v not found", "vhost"],
    ["INTERNAL_ERROR - access to vhost 'v' refused for user 'u': vhost 'v' is down", "vhost"],
    ["Field 'queue' is the wrong type; must be a string (up to 255 chars)", "queue-name"],
    ["Heartbeat timeout", "timeout"],
    ["connect ETIMEDOUT", "timeout"],
    ["Unexpected close", "lost"],
    [
      "320 (CONNECTION-FORCED) with message \"CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'\"",
      "lost",
    ],
    ["something nobody has seen before", "unexpected"],
  ] as const) {
    it(`${code}: ${words.slice(0, 90)}`, () => {
      const fault = faultOf(new Error(words));

      assert.equal(fault.code, code);
      assert.equal(fault.subject, subject);
    });
  }

  for (const [errno, code] of [
    ["ENOTFOUND", "host-unknown"],
    ["ECONNREFUSED", "refused"],
    ["ECONNRESET", "lost"],
    ["CERT_HAS_EXPIRED", "tls-expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls-host"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "tls-untrusted"],
  ] as const) {
    it(`${code}: ${errno}`, () => {
      assert.equal(faultOf(Object.assign(new Error("whatever"), { code: errno })).code, code);
    });
  }

  it("looks into the two refusals of a host with two addresses", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED ::1:5672"), { code: "ECONNREFUSED" });

    assert.equal(faultOf(new AggregateError([refused, refused])).code, "refused");
  });

  it("makes something of what is no error at all", () => {
    for (const thrown of [undefined, null, "text", 42, {}]) {
      assert.equal(faultOf(thrown).code, "unexpected");
    }
  });

  it("knows what only a person can mend", () => {
    assert.equal(needsSomebody("login"), true);
    assert.equal(needsSomebody("lost"), false);
  });
});
