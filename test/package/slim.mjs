/**
 * The last step before packing: takes out of the compiled files what only costs room: indentation, spaces that
 * separate nothing, and links to source maps that are not packed. Names and lines stay as they are; the
 * sources, commented, are in the repository.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tokenizer } from "acorn";

for (const folder of ["nodes", "src"]) {
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith(".js")) {
      const path = join(folder, file);
      writeFileSync(path, slim(readFileSync(path, "utf8")));
    }
  }
}

function slim(code) {
  let slimmed = "";
  let end = 0;
  for (const token of tokenizer(code, { ecmaVersion: "latest" })) {
    const text = code.slice(token.start, token.end);
    slimmed += between(code.slice(end, token.start), slimmed.at(-1) ?? "", text[0] ?? "") + text;
    end = token.end;
  }
  return `${slimmed}\n`;
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
