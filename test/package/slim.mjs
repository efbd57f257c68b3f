/**
 * The last step before packing, and the first after it. Takes out of the compiled files, the editor's pages and
 * the catalogues what only costs room: indentation, comments, spaces that separate nothing, what TypeScript
 * writes for importers we do not have. Names and lines stay as they are. `--undo` gives the sources back.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
/** What the files were before; there from packing to unpacking, or since a packing that was interrupted. */
const KEPT = join(ROOT, ".slimmed.json");
const SLIM = { ".js": slimScript, ".html": slimPage, ".json": slimData };

undo();
if (!process.argv.includes("--undo")) {
  slimAll();
}

function slimAll() {
  const before = {};
  for (const folder of ["nodes", "src", "examples"]) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true })) {
      const path = join(folder, file);
      if (extname(path) in SLIM && !path.startsWith(join("nodes", "in-node"))) {
        before[path] = readFileSync(join(ROOT, path), "utf8");
      }
    }
  }
  writeFileSync(KEPT, JSON.stringify(before));
  for (const [path, text] of Object.entries(before)) {
    writeFileSync(join(ROOT, path), SLIM[extname(path)](text));
  }
}

function undo() {
  if (existsSync(KEPT)) {
    for (const [path, text] of Object.entries(JSON.parse(readFileSync(KEPT, "utf8")))) {
      // Nothing that was written since is undone with it.
      if (readFileSync(join(ROOT, path), "utf8") === SLIM[extname(path)](text)) {
        writeFileSync(join(ROOT, path), text);
      }
    }
    rmSync(KEPT);
  }
}

function slimScript(code) {
  const tokens = [];
  parse(code, { ecmaVersion: "latest", onToken: tokens });
  let slimmed = "";
  let end = 0;
  for (const token of tokens) {
    const text = code.slice(token.start, token.end);
    slimmed += between(code.slice(end, token.start), slimmed.at(-1) ?? "", text[0] ?? "") + text;
    end = token.end;
  }
  const forImporters =
    /^Object\.defineProperty\(exports,"__esModule",{value:true}\);\n|^(?:exports\.\w+=)+void 0;\n/gm;
  // Node-RED asks for it where the registering function is the default export.
  return `${slimmed.includes("exports.default=") ? slimmed : slimmed.replace(forImporters, "")}\n`;
}

/** What has to stay between two tokens: the end of a line, or a space where they would run together. */
function between(gap, before, after) {
  if (gap.includes("\n")) {
    return "\n";
  }
  const wouldJoin = /[\w$]/.test(before) && /[\w$#\\]/.test(after);
  const wouldMean = before === after && /[+\-/]/.test(before);
  return gap !== "" && (wouldJoin || wouldMean) ? " " : "";
}

/** Scripts as scripts; elsewhere a line may begin without spaces, for nothing of ours is preformatted. */
function slimPage(html) {
  return html
    .split(/(<script type="text\/javascript">[\s\S]*?<\/script>)/)
    .map((part) => {
      const [, code] = /^<script type="text\/javascript">([\s\S]*)<\/script>$/.exec(part) ?? [];
      return code === undefined
        ? part.replace(/<!--[\s\S]*?-->|\/\*[\s\S]*?\*\//g, "").replace(/\s*\n\s*/g, "\n")
        : `<script type="text/javascript">\n${slimScript(code)}</script>`;
    })
    .join("");
}

function slimData(json) {
  return `${JSON.stringify(JSON.parse(json))}\n`;
}
