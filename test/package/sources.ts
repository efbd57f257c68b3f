/** The files that ship, read as the guards need them: sources, editor pages and catalogues. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type AnyNode, type ObjectExpression, parse } from "acorn";

/** The root of the repository. */
export const ROOT = resolve(__dirname, "../..");

/** The languages every word exists in. */
export const LANGUAGES = ["en-US", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A file of the repository as text. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Every file under a folder that ends so, as paths from the root. */
export function files(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** What Node-RED reads in package.json. */
export interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly repository?: unknown;
  readonly bugs?: unknown;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly "node-red": {
    readonly version: string;
    readonly nodes: Readonly<Record<string, string>>;
    readonly plugins: Readonly<Record<string, string>>;
  };
}

export const manifest: Manifest = JSON.parse(read("package.json"));

/** The node types, which are also the names of their files. */
export const TYPES = Object.keys(manifest["node-red"].nodes);

/** The types that are in no flow themselves: others use them. */
export const CONFIG_TYPES = ["regards-broker", "regards-web"];

/** The pages that the dialogs share, as paths from the root. */
export const PLUGINS = Object.values(manifest["node-red"].plugins);

/** A catalogue as full key → text. */
export function catalogue(type: string, language: Language): ReadonlyMap<string, string> {
  const entries = (value: unknown, path: string): [string, string][] =>
    typeof value === "string"
      ? [[path, value]]
      : Object.entries(value as object).flatMap(([key, inner]) =>
          entries(inner, path ? `${path}.${key}` : key),
        );
  return new Map(entries(JSON.parse(read(`nodes/locales/${language}/${type}.json`)), ""));
}

/** The classic scripts of an html page, as the flow library's scorecard finds them. */
export function scripts(html: string): string[] {
  return [...html.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([\S\s]*?)<\/script>/gi)].map(
    ([, script = ""]) => script,
  );
}

/** What a page gives to `registerType`, as far as it can be read without running it. */
export interface Registration {
  readonly type: unknown;
  readonly definition: ReadonlyMap<string, AnyNode>;
}

/** Every registration in a page; throws where the scorecard would. */
export function registrations(html: string): Registration[] {
  const found: Registration[] = [];
  for (const script of scripts(html)) {
    visit(parse(script, { ecmaVersion: "latest" }), (node) => {
      if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") {
        return;
      }
      const { property } = node.callee;
      const [type, definition] = node.arguments;
      if (property.type === "Identifier" && property.name === "registerType") {
        if (type?.type !== "Literal" || definition?.type !== "ObjectExpression") {
          throw new Error("registerType wants a literal and an inline object");
        }
        found.push({ type: type.value, definition: properties(definition) });
      }
    });
  }
  return found;
}

/** The properties of an inline object by name; a spread or a computed name cannot be read. */
export function properties(object: ObjectExpression): ReadonlyMap<string, AnyNode> {
  return new Map(
    object.properties.map((property) => {
      if (property.type !== "Property" || property.computed || property.key.type !== "Identifier") {
        throw new Error(`cannot be read without running it, at ${property.start}`);
      }
      return [property.key.name, property.value];
    }),
  );
}

/** Calls `see` with every node of a syntax tree. */
export function visit(node: AnyNode, see: (node: AnyNode) => void): void {
  see(node);
  for (const child of Object.values(node).flat()) {
    if (typeof child === "object" && child !== null && "type" in child) {
      visit(child as AnyNode, see);
    }
  }
}
