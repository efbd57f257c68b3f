/** Which URNs and labels are published: only those that REGARDS' own parser reads back as the same text. */
import assert from "node:assert/strict";
import {
  AcknowledgementError,
  type AcknowledgementRules,
  acknowledgement,
  urnsIn,
} from "../../../src/regards/acknowledgement";

const UUID = "098f6bcd-4621-3373-8ade-4e832627b4f6";
const AIP = `URN:AIP:DATA:project1:${UUID}:V1`;
const rules: AcknowledgementRules = {
  ...{ namespace: "regards", tenant: undefined, appId: "node-red" },
  target: "auto",
};

describe("an acknowledgement", () => {
  for (const [title, urn, keeper] of [
    ["a product of rs-ingest", AIP, "ingest"],
    ["a feature of rs-fem", `URN:FEATURE:DATA:project1:${UUID}:V1`, "fem"],
    ["a collection", `URN:AIP:COLLECTION:project1:${UUID}:V1`, "ingest"],
    ["a dataset", `URN:FEATURE:DATASET:project1:${UUID}:V1`, "fem"],
    ["version 999", `URN:AIP:DATA:project1:${UUID}:V999`, "ingest"],
    ["the last version", `URN:AIP:DATA:project1:${UUID}:LAST`, "ingest"],
    ["an order", `URN:AIP:DATA:project1:${UUID}:V2,0`, "ingest"],
    ["the largest order there is", `URN:AIP:DATA:project1:${UUID}:V2,9223372036854775807`, "ingest"],
    ["a revision", `URN:AIP:DATA:project1:${UUID}:V2:REV2`, "ingest"],
    ["an order and a revision", `URN:AIP:DATA:project1:${UUID}:V2,12:REV_a,b`, "ingest"],
    ["a tenant with a dash and a dot", `URN:AIP:DATA:my-project.1:${UUID}:V1`, "ingest"],
  ] as const) {
    it(`is made of ${title}`, () => {
      const made = acknowledgement(urn, "external-system-1", rules);

      assert.equal(made.keeper, keeper);
      assert.equal(made.tenant, urn.split(":")[3]);
      assert.deepEqual(JSON.parse(made.content.toString()), { urn, recipientLabel: "external-system-1" });
    });
  }

  for (const [title, urn, sentence] of [
    ["no URN at all", "hello", /looks like URN:AIP:DATA/],
    ["a URN of another kind", "urn:isbn:0451450523", /looks like URN:AIP:DATA/],
    ["lower-case letters at the beginning", AIP.replace("URN", "urn"), /looks like/],
    ["no version", `URN:AIP:DATA:project1:${UUID}`, /looks like/],
    ["an empty tenant", `URN:AIP:DATA::${UUID}:V1`, /looks like/],
    ["a space in it", AIP.replace("project1", "project 1"), /looks like/],
    [
      "an entity type REGARDS does not know",
      AIP.replace("DATA", "DOCUMENT"),
      /entity type is "DOCUMENT".*DATASET/,
    ],
    ["an entity type in lower case", AIP.replace("DATA", "data"), /entity type is "data"/],
    ["an identifier of neither service", AIP.replace("AIP", "SIP"), /neither an AIP/],
    ["something else than a UUID", AIP.replace(UUID, "x"), /"x" is not a UUID/],
    ["an upper-case UUID", AIP.replace(UUID, UUID.toUpperCase()), /not a UUID in lower-case/],
    ["a UUID that is too short", AIP.replace("4f6", "4f"), /not a UUID/],
    ["version 0", AIP.replace("V1", "V0"), /version is "V0"/],
    ["version 1000", AIP.replace("V1", "V1000"), /version is "V1000"; it goes from V1 to V999/],
    ["leading zeros in the version", AIP.replace("V1", "V001"), /version is "V001".*without leading zeros/],
    ["a version without its letter", AIP.replace("V1", "1"), /version is "1"/],
    ["leading zeros in the order", `${AIP},007`, /order is "007".*without leading zeros/],
    ["an order beyond a Java long", `${AIP},9223372036854775808`, /order is "9223372036854775808".*63 bits/],
    ["an order of forty digits", `${AIP},${"9".repeat(40)}`, /order is/],
    ["a negative order", `${AIP},-1`, /order is "-1"/],
    ["an empty order", `${AIP},`, /order is ""/],
    ["two orders", `${AIP},1,2`, /order is "1,2"/],
    ["a colon at the end", `${AIP}:`, /"" is not a revision/],
    ["something else than a revision", `${AIP}:2`, /"2" is not a revision/],
    ["a revision without a name", `${AIP}:REV`, /"REV" is not a revision/],
    ["a colon in the revision", `${AIP}:REV1:2`, /revision holds a colon/],
    ["a colon after the revision", `${AIP}:REV1:`, /revision holds a colon/],
  ] as const) {
    it(`is not made of a URN with ${title}, and says so`, () => {
      assert.throws(() => acknowledgement(urn, "label", rules), refusal("REGARDS_BAD_URN", sentence));
    });
  }

  for (const [title, urn, more, code, sentence] of [
    [
      "a feature when the target is rs-ingest",
      AIP.replace("AIP", "FEATURE"),
      { target: "ingest" },
      "REGARDS_BAD_URN",
      /belongs to rs-fem/,
    ],
    [
      "a product of rs-ingest when the target is rs-fem",
      AIP,
      { target: "fem" },
      "REGARDS_BAD_URN",
      /belongs to rs-ingest/,
    ],
    [
      "another identifier, whatever the target",
      AIP.replace("AIP", "SIP"),
      { target: "ingest" },
      "REGARDS_BAD_URN",
      /neither/,
    ],
    [
      "another tenant than the broker node's",
      AIP,
      { tenant: "project2" },
      "REGARDS_URN_TENANT",
      /"project1".*"project2"/,
    ],
  ] as const) {
    it(`is not made of ${title}`, () => {
      assert.throws(() => acknowledgement(urn, "label", { ...rules, ...more }), refusal(code, sentence));
    });
  }

  it("takes a label of 128 characters, and leaves out the blanks around it", () => {
    const label = "é".repeat(128);

    const { content } = acknowledgement(AIP, ` ${label} `, rules);

    assert.equal(JSON.parse(content.toString()).recipientLabel, label);
  });

  for (const [title, label, sentence] of [
    ["no label", undefined, /is empty/],
    ["a blank label", "  ", /is empty/],
    ["a number for a label", 42, /is empty/],
    ["a label of 129 characters", "x".repeat(129), /has 129 characters.*at most 128/],
    ["a label with a NUL", "a\u0000b", /control character/],
    ["a label with a line break", "a\nb", /control character/],
  ] as const) {
    it(`is not made with ${title}`, () => {
      assert.throws(() => acknowledgement(AIP, label, rules), refusal("REGARDS_NO_LABEL", sentence));
    });
  }

  it("shows no more than the beginning of what is no URN", () => {
    assert.throws(
      () => acknowledgement("x".repeat(100_000), "label", rules),
      (error: Error) => error.message.length < 400,
    );
  });

  it("is looked for wherever a flow has a URN, each product once", () => {
    assert.deepEqual(urnsIn([AIP, { urn: ` ${AIP} ` }, { payload: { aipId: AIP } }]), [AIP]);
    for (const nothing of [[], {}, 42, null, undefined, "", [AIP, {}]]) {
      assert.throws(() => urnsIn(nothing), refusal("REGARDS_NO_URN", /URN/));
    }
  });
});

function refusal(code: string, sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof AcknowledgementError);
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    return true;
  };
}
