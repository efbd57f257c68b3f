/** The help of each node: one message as it is, what to wire next, and what every status means. */
import assert from "node:assert/strict";
import { decode } from "../../src/regards/decode";
import { sampleEvent } from "../../src/regards/samples";
import { services } from "../../src/regards/services";
import { CONFIG_TYPES, catalogue, LANGUAGES, type Language, read, TYPES } from "./sources";

const helpOf = (type: string, language: Language): string => read(`nodes/locales/${language}/${type}.html`);

const messageIn = (help: string): unknown => {
  const [, text] = /<pre class="regards-message">([\s\S]*?)<\/pre>/.exec(help) ?? assert.fail("no message");
  return JSON.parse(String(text));
};

/** The statuses that say that all is well, or that pass by themselves; the table is for the others. */
const NEEDS_NOTHING =
  /^(?:connecting|connected|closing|in-flight|live|.*-ago|just-now|unrecognised|the-flow|waiting-node|condition\..*)$/;

/** Statuses that another row stands for, with its cause in place of the one that is shown. */
const ANOTHER_SHAPE = /^(?:shared|held-hours|fault\..*|pause\..*|paused|retry)$/;

/** The first cells of the table, as a person reads them. */
const rowsOf = (help: string): string[] =>
  [...help.matchAll(/<tr><td>(.*?)<\/td><td>(.+?)<\/td><\/tr>/g)].map(([, shown = ""]) => shown);

/** What a status may look like: its words, and anything where something is filled in. */
const shapeOf = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/__\w+?__/g, ".+")}$`);

/** What a value has of the properties that another one shows. */
function partOf(value: unknown, shown: unknown): unknown {
  const isOpen = typeof shown === "object" && shown !== null && !Array.isArray(shown);
  if (!isOpen || typeof value !== "object" || value === null) {
    return value;
  }
  const found = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    Object.entries(shown).map(([key, inner]) => [key, partOf(found.get(key), inner)]),
  );
}

describe("the help of a node", () => {
  for (const type of TYPES.filter((each) => !CONFIG_TYPES.includes(each))) {
    it(`shows one message of ${type} as JSON, the same in both languages`, () => {
      const [english, french] = LANGUAGES.map((language) => messageIn(helpOf(type, language)));

      assert.ok(typeof english === "object" && english !== null);
      assert.deepEqual(french, english);
    });
  }

  for (const service of services) {
    it(`shows a message of regards-${service.name}-in as the node sends it`, () => {
      const shown = messageIn(helpOf(`regards-${service.name}-in`, "en-US")) as {
        readonly topic: string;
        readonly payload: object;
        readonly regards: object;
      };
      const decoded = decode(
        service,
        sampleEvent(service, shown.topic, "project1") ?? assert.fail(shown.topic),
        undefined,
      );
      assert.ok(decoded.recognised);
      const { correlationId, final, details, payload } = decoded;
      const regards = { service: service.name, tenant: "project1", correlationId, final, ...details };

      assert.equal(decoded.status, shown.topic);
      assert.deepEqual(partOf(payload, shown.payload), shown.payload);
      assert.deepEqual(partOf(regards, shown.regards), shown.regards);
    });
  }

  for (const language of LANGUAGES) {
    it(`has a row for every status that asks for something, in ${language}`, () => {
      const rows = rowsOf(helpOf("regards-broker", language));
      const texts = [...catalogue("regards-broker", language)]
        .filter(([key]) => key.startsWith("status."))
        .map(([key, text]) => [key.replace("status.", ""), shapeOf(text)] as const);

      const missing = texts
        .filter(([key]) => !NEEDS_NOTHING.test(key) && !ANOTHER_SHAPE.test(key))
        .filter(([, shape]) => !rows.some((row) => shape.test(row)));
      assert.deepEqual(
        missing.map(([key]) => key),
        [],
      );
      assert.deepEqual(
        rows.filter((row) => !texts.some(([, shape]) => shape.test(row))),
        [],
        "a row for a status that no node shows",
      );
    });
  }

  it("leads from every node that connects to that table", () => {
    for (const type of TYPES.filter((each) => /-(?:in|out)$/.test(each))) {
      for (const language of LANGUAGES) {
        assert.match(helpOf(type, language), /RED\.sidebar\.help\.show\('regards-broker', true\)/, type);
      }
    }
  });
});
