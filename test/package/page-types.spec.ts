/** The scripts in the editor's pages, held to types as everything else: by `tsc`, against nodes/editor/editor.d.ts. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { PLUGINS, ROOT, read, TYPES } from "./sources";

const run = promisify(execFile);

const PAGES = [...PLUGINS, ...TYPES.map((type) => `nodes/${type}.html`)];

const OPTIONS = {
  extends: join(ROOT, "tsconfig.json"),
  compilerOptions: {
    ...{ allowJs: true, checkJs: true, noEmit: true, erasableSyntaxOnly: false },
    ...{ target: "es2023", lib: ["es2023", "dom"], types: [] },
  },
  include: ["."],
  exclude: [],
};

/** The scripts of a page, on the lines where they stand in it. */
function scriptsInPlace(page: string): string {
  const blank = (text: string): string => text.replace(/[^\n]+/g, "");
  return page
    .split(/(?<=<script type="text\/javascript">)|(?=<\/script>)/)
    .map((part, place, parts) => (parts[place - 1]?.endsWith('javascript">') ? part : blank(part)))
    .join("");
}

describe("the scripts in the editor's pages", function () {
  this.timeout(60_000);
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "regards-pages-"));
    await writeFile(join(directory, "tsconfig.json"), JSON.stringify(OPTIONS));
    await cp(join(ROOT, "nodes/editor/editor.d.ts"), join(directory, "editor.d.ts"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** What `tsc` has against them: its lines, which name each page and the place in it. */
  async function complaints(pages: Readonly<Record<string, string>>): Promise<string[]> {
    for (const [path, page] of Object.entries(pages)) {
      const file = join(directory, `${path}.js`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, scriptsInPlace(page));
    }
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const told = await run(process.execPath, [tsc, "-p", directory, "--pretty", "false"], {
      cwd: directory,
    }).catch((error: { readonly stdout: string; readonly stderr: string }) => error);
    return `${told.stdout}${told.stderr}`.split("\n").filter((line) => line !== "");
  }

  it("fit their types", async () => {
    assert.deepEqual(await complaints(Object.fromEntries(PAGES.map((path) => [path, read(path)]))), []);
  });

  it("would be told of a word that the editor does not know, and of a rule that nobody has", async () => {
    const page = read("nodes/regards-ack-out.html")
      .replace("RED.nodes.registerType", "RED.nodes.registreType")
      .replace('rule("present")', 'rule("presence")');
    const found = await complaints({ "nodes/wrong.html": page });

    const lines = page.split("\n");
    const places = ["registreType", "presence"].map(
      (word) => `nodes/wrong.html.js(${lines.findIndex((line) => line.includes(word)) + 1},`,
    );
    assert.deepEqual(
      places.filter((place) => !found.some((line) => line.startsWith(place))),
      [],
      found.join("\n"),
    );
  });
});
