/**
 * Whether Java would take a regular expression: REGARDS never checks, and an order whose file name pattern Java
 * refuses waits for ever. Enters: a pattern. Leaves: why not, in words; nothing where it would. It is stricter than
 * Java in a few odd cases (a lone `}` or `]`), never looser in a known one. Pure.
 */

/** What Java has and JavaScript has not, as something JavaScript reads the same way. */
const TRANSLATIONS: readonly [RegExp, string][] = [
  [/\\Q[\s\S]*?(?:\\E|$)/g, "x"],
  [/\\[^A-Za-z0-9]/gu, "x"],
  [/\\[AGZz]/g, "\\b"],
  [/\\[hHRX]/g, "\\s"],
  [/\(\?>/g, "(?:"],
  [/\(\?[imsuxdU]*(?:-[imsuxdU]+)?\)/g, ""],
  [/\(\?[imsuxdU]+(?:-[imsuxdU]+)?:/g, "(?:"],
  [/([*+?}])\+/g, "$1"],
];

/** What JavaScript has and Java has not. */
const NOT_JAVA: readonly [RegExp, string][] = [
  [/\[\^?\]/, "an empty [ ]"],
  [/\\u\{/, "\\u{…}; Java writes \\x{…}"],
  [/\(\?<[=!][^)]*[*+]/, "a look-behind without a longest length"],
];

/** Why Java would not take it; undefined where it would. */
export function javaPatternFault(pattern: string): string | undefined {
  const translated = TRANSLATIONS.reduce((text, [from, to]) => text.replace(from, to), pattern);
  const foreign = NOT_JAVA.find(([form]) => form.test(translated));
  if (foreign !== undefined) {
    return `it has ${foreign[1]}`;
  }
  try {
    new RegExp(translated, "u");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^.*: /, "") : String(error);
  }
}
