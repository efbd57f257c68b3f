/** The scripts of our pages, which the editor gets as they are, use its functions as they are meant. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PLUGINS, ROOT, read, scripts, TYPES } from "./sources";

const run = promisify(execFile);

const PAGES = [...PLUGINS, ...TYPES.map((type) => `nodes/${type}.html`)];
const GLOBALS = join(ROOT, "test/package/editor/globals.d.ts");
/** Of this century, in a browser; what has no type, a parameter or `this`, may be anything. */
const OPTIONS = [
  ...["--noEmit", "--allowJs", "--checkJs", "--strict", "--noImplicitAny", "false"],
  ...["--noImplicitThis", "false", "--skipLibCheck"],
  ...["--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--types", "", "--ignoreConfig"],
];

/** What the compiler says of scripts, named after the pages they are from; a script begins where it does there. */
async function complaints(pages: readonly (readonly [name: string, html: string])[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "regards-pages-"));
  try {
    const sources: string[] = [];
    for (const [name, html] of pages) {
      const path = join(directory, `${name.replaceAll("/", "-")}.js`);
      // A module each, for their names are their own.
      await writeFile(path, `${scripts(html).join("\n")}\nexport {};\n`);
      sources.push(path);
    }
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    return await run(process.execPath, [tsc, ...OPTIONS, GLOBALS, ...sources], { cwd: directory }).then(
      () => "",
      ({ stdout }: { readonly stdout: string }) => stdout,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe("the scripts of the pages", function () {
  this.timeout(60_000);

  it("agree with what the editor offers", async () => {
    assert.equal(await complaints(PAGES.map((page) => [page, read(page)])), "");
  });

  it("would be caught where they do not", async () => {
    const html = '<script type="text/javascript">\nRED.nodes.nod("a");\n</script>';

    assert.match(await complaints([["page", html]]), /page\.js\(\d+,11\): error TS2551: .*'nod'/);
  });
});
