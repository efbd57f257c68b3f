/** The table of troubles, row by row: a sentence in each language, its code and rule in each help, a test of the wire. */
import assert from "node:assert/strict";
import { TROUBLES, type TroubleName } from "../../src/web/troubles";
import { catalogue, files, LANGUAGES, read } from "./sources";

const TYPE = "regards-download";
/** How the help of each language says what comes next. */
const RULES = {
  "en-US": { later: /tried again for an hour/, again: /four tries/, fail: /fails/ },
  fr: { later: /réessayé une heure/, again: /quatre essais/, fail: /échoue/ },
} as const;

describe("the table of troubles of a download", () => {
  const specs = [...files("test/web", ".spec.ts"), "test/nodes/download-deploys.spec.ts"]
    .map(read)
    .join("\n");

  for (const name of Object.keys(TROUBLES) as TroubleName[]) {
    const { code, rule } = TROUBLES[name];

    it(`has for ${name} a test against the simulator, its sentence, and ${code} in the help with its rule`, () => {
      assert.ok(specs.includes(`"${name}"`), "a test that names it");
      for (const language of LANGUAGES) {
        const words = catalogue(TYPE, language);
        assert.ok(words.get(`trouble.${name}`), `${language}: its sentence`);
        if (rule !== "fail")
          assert.ok(words.get(`again.${code}`), `${language}: why it waits, in the status`);
        const help = read(`nodes/locales/${language}/${TYPE}.html`);
        const [, line] = new RegExp(`<li><code>${code}</code>([^]*?)</li>`).exec(help) ?? [];
        assert.match(line ?? "", RULES[language][rule], `${language}: its rule`);
      }
    });
  }
});
