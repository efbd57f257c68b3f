/**
 * The last step before packing: takes the indentation and the links to absent source maps out of the compiled
 * files, a fifth of the package. Nothing else changes; the sources, commented, are in the repository.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

for (const folder of ["nodes", "src"]) {
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith(".js")) {
      const path = join(folder, file);
      writeFileSync(path, slim(readFileSync(path, "utf8"), path));
    }
  }
}

function slim(code, path) {
  const lines = code.split("\n").filter((line) => !line.startsWith("//# sourceMappingURL="));
  const spanning = lines.findIndex((line) => line.split("`").length % 2 === 0);
  if (spanning >= 0) {
    throw new Error(`${path}:${spanning + 1}: a template over several lines would lose its indentation.`);
  }
  return lines.map((line) => line.trimStart()).join("\n");
}
