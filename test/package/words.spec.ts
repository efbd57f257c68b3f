/** Every word a person reads exists in both languages, is used, fits its place, and means the same. */
import assert from "node:assert/strict";
import { type AnyNode, parse } from "acorn";
import { REQUEST_KINDS } from "../../src/regards/requests";
import { TROUBLES } from "../../src/web/troubles";
import {
  CONFIG_TYPES,
  catalogue,
  files,
  LANGUAGES,
  type Language,
  manifest,
  PLUGINS,
  properties,
  read,
  registrations,
  scripts,
  TYPES,
  visit,
} from "./sources";

const SHARED = "regards-broker";

/** French words that are right to be the English ones. */
const SAME_IN_FRENCH = new Set([
  "status.condition.tenant",
  ...["label.broker", "label.tls", "label.tenant", "label.exchange", "wire.exchange", "wire.permission"],
  ...["placeholder.connectionName", "option.queueType.quorum", "label.urn", "label.session"],
  ...["option.target.ingest", "option.target.fem"],
]);

/** Companions of the typed inputs of out-nodes. */
const TYPED = [
  ...REQUEST_KINDS.flatMap(({ inputs }) => Object.keys(inputs).map((name) => `${name}Type`)),
  ...["orderType", "folderType"],
];

/** Properties that no dialog shows a field for, and companions of a typed input. */
const NOT_IN_HELP = new Set([...["name", "inputs", "correlationType"], ...TYPED]);

/** A key in use: `<type>:<key>`, or the beginning of several where it is put together. */
interface Use {
  readonly key: string;
  readonly isPrefix: boolean;
}

/** Our own words under their full name; those of Node-RED itself are Node-RED's affair. */
function named(type: string, key: string): string | undefined {
  const [namespace, name] = key.includes(":") ? key.split(":") : [`${manifest.name}/${type}`, key];
  return namespace?.startsWith(manifest.name) ? `${namespace.split("/").at(-1)}:${name}` : undefined;
}

/** The keys an editor page asks for, from the catalogue of a type and from the shared one. */
function usesInPage(type: string, path: string): Use[] {
  const html = read(path);
  const attributes = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = ""]) => value.split(";"));
  const said = [...html.matchAll(/data-say="([^"]+)"/g)].map(
    ([, key]) => `${manifest.name}/${SHARED}:${key}`,
  );
  const uses: Use[] = [...attributes, ...said].map((key) => ({
    key: key.replace(/^\[\w+\]/, ""),
    isPrefix: false,
  }));
  const spokenBy = new Map([
    ["say", `${manifest.name}/${SHARED}:`],
    ["own", `${manifest.name}/${type}:`],
  ]);
  for (const script of scripts(html)) {
    visit(parse(script, { ecmaVersion: "latest" }), (node) => {
      if (node.type === "Literal" && typeof node.value === "string" && /^@.+:./.test(node.value)) {
        uses.push({ key: node.value, isPrefix: false });
      }
      // The findings of "Test connection" are keys until they are shown, the server's and the editor's alike.
      if (node.type === "Literal" && typeof node.value === "string" && /^test\.[\w.-]+$/.test(node.value)) {
        uses.push({ key: `${spokenBy.get("say")}${node.value}`, isPrefix: false });
      }
      const speaker = node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name;
      const namespace = speaker ? spokenBy.get(speaker) : undefined;
      const [argument] = node.type === "CallExpression" ? node.arguments : [];
      if (namespace !== undefined && argument !== undefined) {
        uses.push(...literals(argument, namespace));
      }
    });
  }
  return uses.flatMap(({ key, isPrefix }) => {
    const name = named(type, key);
    return name === undefined ? [] : [{ key: name, isPrefix }];
  });
}

/** The keys an argument can be; of `"wire." + mode` only the beginning is known. */
function literals(argument: AnyNode, namespace: string): Use[] {
  if (argument.type === "ConditionalExpression") {
    return [...literals(argument.consequent, namespace), ...literals(argument.alternate, namespace)];
  }
  const isPrefix = argument.type === "BinaryExpression";
  const literal = isPrefix ? argument.left : argument;
  return literal.type === "Literal" ? [{ key: `${namespace}${literal.value}`, isPrefix }] : [];
}

/** The keys the runtime asks for, by the few ways it has of speaking. */
function usesInRuntime(): Use[] {
  const ways: [RegExp, string][] = [
    [/\btranslate\(\s*"([\w-]+)"/g, "status."],
    [/translator\(RED, "status"\)\(\s*"([\w-]+)"/g, "status."],
    [/\bwords\(\s*"([\w-]+)"/g, "runtime."],
    [/log\.(?:warn|log)\(\s*"([\w-]+)"/g, "runtime."],
    [/new SettingsError\(\s*"([\w-]+)"/g, "runtime.setting."],
    [/"(test\.[\w.-]+)"/g, ""],
  ];
  const text = [...files("src", ".ts"), ...files("nodes", ".ts")].map(read).join("\n");
  const spoken = ways.flatMap(([way, section]) =>
    [...text.matchAll(way)].map(([, key = ""]) => `${section}${key}`),
  );
  const begun = [...text.matchAll(/log\.(?:warn|log)\(\s*`([\w-]+)\$\{/g)].map(
    ([, key = ""]) => `runtime.${key}`,
  );
  const [, codes = ""] = /type FaultCode =([^;]+);/.exec(read("src/amqp/fault.ts")) ?? [];
  const faults = [...codes.matchAll(/"([\w-]+)"/g)].map(([, code = ""]) => `status.fault.${code}`);
  const use = (isPrefix: boolean) => (key: string) => ({ key: `${SHARED}:${key}`, isPrefix });
  return [
    ...usesInDownloads(),
    ...[...spoken, ...faults].map(use(false)),
    ...[...begun, "test.next.", "test.subject."].map(use(true)),
  ];
}

/** What the download node says: each trouble in a sentence, why it waits, how far it is. */
function usesInDownloads(): Use[] {
  const source = read("src/nodes/download-status.ts") + read("src/nodes/download-messages.ts");
  const progress = [
    ...[...source.matchAll(/\bsay\("(ready|several|again|going|order|product)"/g)],
    ...source.matchAll(/"(unit\.\w+)"/g),
  ].map(([, key]) => `progress.${key}`);
  const again = Object.values(TROUBLES).flatMap(({ code, rule }) =>
    rule === "fail" ? [] : [`again.${code}`],
  );
  const troubles = Object.keys(TROUBLES).map((name) => `trouble.${name}`);
  const asked = [...source.matchAll(/warn\("?`?(zip-instead-)/g)].map(() => `${SHARED}:runtime.zip-instead-`);
  const keys = [...new Set([...progress, ...again, ...troubles])].map((key) => `regards-download:${key}`);
  return [...keys.map((key) => ({ key, isPrefix: false })), ...asked.map((key) => ({ key, isPrefix: true }))];
}

/** A key a source mentions in a way not known above. */
function isMentioned(key: string): boolean {
  const [section, last = ""] = [key.split(":")[1]?.split(".")[0], key.split(".").at(-1)];
  const text = [...files("src", ".ts"), ...files("nodes", ".ts")].map(read).join("\n");
  return (section === "status" || section === "runtime") && text.includes(`"${last}"`);
}

const all = (language: Language): ReadonlyMap<string, string> =>
  new Map(
    TYPES.flatMap((type) => [...catalogue(type, language)].map(([key, text]) => [`${type}:${key}`, text])),
  );

const words: Readonly<Record<Language, ReadonlyMap<string, string>>> = {
  "en-US": all("en-US"),
  fr: all("fr"),
};
const uses = [
  ...TYPES.flatMap((type) => usesInPage(type, `nodes/${type}.html`)),
  ...PLUGINS.flatMap((path) => usesInPage(SHARED, path)),
  ...usesInRuntime(),
];

/** The text of a key; every property's label is in the node's own catalogue or in the shared one. */
function label(type: string, property: string, language: Language): string | undefined {
  const key = `label.${property}`;
  return words[language].get(`${type}:${key}`) ?? words[language].get(`${SHARED}:${key}`);
}

/** A setting that every in-node has, under the same name: it is explained once, in the broker node's help. */
function isOfAllInNodes(type: string, property: string): boolean {
  const inNodes = TYPES.filter((each) => each.endsWith("-in"));
  const isShared = (each: string): boolean =>
    !words["en-US"].has(`${each}:label.${property}`) &&
    registrations(read(`nodes/${each}.html`)).some(({ definition }) => {
      const defaults = definition.get("defaults");
      return defaults?.type === "ObjectExpression" && properties(defaults).has(property);
    });
  return inNodes.includes(type) && inNodes.every(isShared);
}

/** What a node's help explains: the terms of its lists. */
function terms(type: string, language: Language): string[] {
  const help = read(`nodes/locales/${language}/${type}.html`);
  return [...help.matchAll(/<dt[^>]*>([\s\S]*?)<\/dt>/g)]
    .map(([, term = ""]) => term.replace(/<span[\s\S]*/, "").trim())
    .flatMap((term) => [term, ...term.split(", ")]);
}

describe("the words", () => {
  it("are the same keys in both languages, with the same blanks to fill in", () => {
    assert.deepEqual([...words.fr.keys()], [...words["en-US"].keys()]);
    const blanks = (text = ""): string[] => [...text.matchAll(/__\w+?__/g)].map(String).sort();
    for (const [key, text] of words["en-US"]) {
      assert.deepEqual(blanks(words.fr.get(key)), blanks(text), key);
    }
  });

  it("exist for every key that is asked for", () => {
    const keys = [...words["en-US"].keys()];
    const missing = uses.filter(({ key, isPrefix }) =>
      isPrefix ? !keys.some((each) => each.startsWith(key)) : !words["en-US"].has(key),
    );
    assert.deepEqual(missing, []);
  });

  it("are all asked for", () => {
    const isAskedFor = (key: string): boolean =>
      uses.some((use) => (use.isPrefix ? key.startsWith(use.key) : key === use.key)) || isMentioned(key);
    // The line that also stands for others is asked for with the one that does not.
    const unused = [...words["en-US"].keys()].filter((key) => !isAskedFor(key.replace(/-also$/, "")));
    assert.deepEqual(unused, []);
  });

  it("begin with the cause where it is said in the log, and count others at the end only", () => {
    const log = [...words["en-US"], ...words.fr].filter(([key]) => key.startsWith(`${SHARED}:runtime.`));
    const late = log.filter(([, text]) => /.__(?:fault|cause|reason)__/.test(text));
    assert.deepEqual(
      late.filter(([key]) => key !== `${SHARED}:runtime.not-fetched`),
      [],
    );
    for (const language of LANGUAGES) {
      for (const [key, text] of words[language]) {
        assert.equal(/__also__ [^.]+\.$/.test(text), key.endsWith("-also"), key);
        assert.ok(
          !key.endsWith("-also") || text.startsWith(words[language].get(key.slice(0, -5)) ?? "?"),
          key,
        );
      }
    }
  });

  it("are translated", () => {
    const copies = [...words.fr]
      .filter(([key, text]) => words["en-US"].get(key) === text)
      .map(([key]) => key);
    assert.deepEqual(
      copies.filter((key) => !SAME_IN_FRENCH.has(key.replace(/^.*:/, ""))),
      [],
    );
  });

  it("are set as French is: typographic apostrophes, and a no-break space before ; : ! ? and within « »", () => {
    const texts = new Map(words.fr);
    for (const type of TYPES) {
      texts.set(type, read(`nodes/locales/fr/${type}.html`).replace(/<[^>]*>|<!--.*-->/g, ""));
    }
    for (const [key, text] of texts) {
      const odd = /\w'|(?<![\u00a0\u202f]) [;:!?»](?:\s|$)|[\p{L}_][;!?»]|« | »|«[^\u00a0\u202f]/u.exec(text);
      assert.equal(
        odd,
        null,
        `${key}: ${text.slice(Math.max(0, (odd?.index ?? 0) - 20), (odd?.index ?? 0) + 20)}`,
      );
    }
  });

  for (const language of LANGUAGES) {
    it(`fit where they are shown, in ${language}`, () => {
      const budget: [RegExp, number][] = [
        [/:label\./, 25],
        [/:status\./, 30],
        [/:tab\./, 15],
        [/:section\./, 40],
        [/:option\./, 42],
        [/:port\./, 18],
      ];
      for (const [key, text] of words[language]) {
        const most = budget.find(([place]) => place.test(key))?.[1] ?? 400;
        const length = text.replace(/__\w+?__/g, "00").length;
        assert.ok(length <= most, `${key} has ${length} of ${most} characters: ${text}`);
      }
    });

    for (const type of TYPES) {
      it(`explain every setting of ${type} in its help, by the name the dialog gives it, in ${language}`, () => {
        const defaults = registrations(read(`nodes/${type}.html`))[0]?.definition.get("defaults");
        assert.ok(defaults?.type === "ObjectExpression");
        for (const property of properties(defaults).keys()) {
          if (!NOT_IN_HELP.has(property)) {
            const page = isOfAllInNodes(type, property) ? SHARED : type;
            assert.ok(terms(page, language).includes(String(label(type, property, language))), property);
          }
        }
      });
    }
  }

  it("name in the help every code that an error can carry", () => {
    const codesIn = (source: string, type: RegExp): string[] =>
      [...(type.exec(read(source))?.[0] ?? "").matchAll(/"(REGARDS_\w+)"/g)].map(([, code = ""]) => code);
    const ofEvents = codesIn("src/regards/event.ts", /type ProblemCode =[^;]+;/);
    const [published = ""] = /type RefusalCode =[^;]+;/.exec(read("src/amqp/outgoing.ts")) ?? [];
    const refusals = [...published.matchAll(/\| "(\w+)"/g)]
      .map(([, code]) => `REGARDS_${code}`)
      // A request has no limit of its own, and what a closing node leaves waits for the next one.
      .filter((code) => !/_(?:UNSENT|CLOSED)$/.test(code));
    const ofDownloads = [
      ...new Set(Object.values(TROUBLES).map(({ code }) => code)),
      ...codesIn("src/nodes/download-failure.ts", /[\s\S]*/),
    ];
    const codesOf = (type: string): readonly string[] => {
      if (type === "regards-download") {
        return ofDownloads;
      }
      const kind = REQUEST_KINDS.find(({ name }) => type === `regards-${name}-out`);
      // Only what must not be repeated stays uncertain, also where the broker says no.
      const uncertain = ["REGARDS_NOT_CONFIRMED", "REGARDS_NACKED"];
      const impossible = kind?.repeat === "never" ? uncertain : ["REGARDS_UNCERTAIN"];
      return kind === undefined
        ? ofEvents
        : [...refusals.filter((code) => !impossible.includes(code)), ...kind.codes];
    };
    for (const type of TYPES.filter((each) => !CONFIG_TYPES.includes(each))) {
      const codes = codesOf(type);
      assert.ok(codes.length >= 8, type);
      for (const language of LANGUAGES) {
        const help = read(`nodes/locales/${language}/${type}.html`);
        assert.deepEqual(
          codes.filter((code) => !help.includes(`<code>${code}</code>`)),
          [],
          `${type}, ${language}`,
        );
      }
    }
  });

  it("have help of the same shape in both languages, for the right node", () => {
    for (const type of TYPES) {
      const [english, french] = LANGUAGES.map((language) => {
        const help = read(`nodes/locales/${language}/${type}.html`);
        assert.ok(help.includes(`data-help-name="${type}"`), type);
        const tags = [...help.matchAll(/<(\w+)/g)].map(([, tag]) => tag);
        return {
          tags: tags.filter((tag) => tag !== "em"),
          code: [...help.matchAll(/<code>.*?<\/code>/g)].length,
        };
      });
      assert.deepEqual(french, english, type);
    }
  });

  it("give every property of every node a label of its own, so that Node-RED's list of errors reads well", () => {
    for (const type of TYPES) {
      const defaults = registrations(read(`nodes/${type}.html`))[0]?.definition.get("defaults");
      assert.ok(defaults?.type === "ObjectExpression");
      for (const [property, value] of properties(defaults)) {
        assert.ok(value.type === "ObjectExpression" && properties(value).has("label"), `${type} ${property}`);
        assert.ok(property === "name" || label(type, property, "en-US"), `${type} ${property}`);
      }
    }
  });
});
