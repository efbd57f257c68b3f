/**
 * Writes the editor side of the in-nodes, dialog and help, from the one of each that they share (beside this
 * file) and the table of REGARDS events. Node-RED wants a self-contained html for every node: a script loaded
 * from elsewhere arrives after `registerType` should have run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sampleNames } from "../../src/regards/samples";
import { outputNames, type Service, services } from "../../src/regards/services";

const PACKAGE = "@regards-flow/node-red-regards";
const ROOT = join(__dirname, "../..");

/** A shared page, and where each in-node's own goes. */
const SOURCES: Readonly<Record<string, (type: string) => string>> = {
  "dialog.html": (type) => `${type}.html`,
  "help.en-US.html": (type) => `locales/en-US/${type}.html`,
  "help.fr.html": (type) => `locales/fr/${type}.html`,
};

/**
 * The names that do not fit: Node-RED breaks a label wider than 82 pixels over several lines, and on a machine
 * with wide fonts that is after ten letters.
 */
const PALETTE_NAMES: Readonly<Record<string, string>> = {
  submission: "submit",
  dissemination: "product",
};

/** One html file as it should be. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly html: string;
}

/** Every in-node's pages, filled in with what the node's service says. */
export function pages(): Page[] {
  return Object.entries(SOURCES).flatMap(([source, target]) => {
    const shared = readFileSync(join(__dirname, source), "utf8");
    const note = `<!-- Made by \`npm run in-nodes\` from nodes/in-node/${source}: change that file, not this one. -->\n`;
    return services.map((service) => {
      const type = `regards-${service.name}-in`;
      return { path: `nodes/${target(type)}`, html: note + lean(expand(shared, service, type)) };
    });
  });
}

/**
 * `{{word}}` becomes its value; the lines between `{{#word}}` and `{{/word}}` stay for the service of that name, and
 * for all that have a correlation id, outputs called as their statuses, or an exchange of the administrator's choice.
 */
function expand(shared: string, service: Service, type: string): string {
  const names = outputNames(service);
  const isPerStatus = names.every((name) => service.outputs[name]?.includes(name));
  const kept = [
    service.name,
    service.correlationId === undefined ? "unasked" : "correlated",
    isPerStatus ? "perStatus" : "perOutcome",
    service.exchange === "chosen" ? "chosenExchange" : "ownExchange",
  ];
  const values: Readonly<Record<string, string>> = {
    type,
    service: service.name,
    short: PALETTE_NAMES[service.name] ?? service.name,
    eventClass: service.eventClass,
    names: JSON.stringify(names).replaceAll(",", ", "),
    samples: JSON.stringify(sampleNames(service)).replaceAll(",", ", "),
    outputs: String(names.length + 1),
    words: `${PACKAGE}/regards-broker:`,
    own: `${PACKAGE}/${type}:`,
  };
  return shared
    .replaceAll(/^\{\{#(\w+)\}\}\n([\s\S]*?)^\{\{\/\1\}\}\n/gm, (_all, name: string, lines: string) =>
      kept.includes(name) ? lines : "",
    )
    .replaceAll(/\{\{(\w+)\}\}/g, (_all, word: string) => {
      const value = values[word];
      if (value === undefined) {
        throw new Error(`The shared page asks for {{${word}}}, which nobody gives.`);
      }
      return value;
    });
}

/** Nobody reads these pages but a browser: no indentation and no comments, line by line as in the source. */
function lean(html: string): string {
  return html.replaceAll(/^[ \t]+/gm, "").replaceAll(/^(?:\/\/.*|\/\*\*.*\*\/)\n/gm, "");
}

if (require.main === module) {
  for (const { path, html } of pages()) {
    writeFileSync(join(ROOT, path), html);
  }
}
