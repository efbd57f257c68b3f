/**
 * How REGARDS' Gson writes JSON: absent nulls, HTML-safe escapes, dates with no more digits than they need.
 */

const HTML_UNSAFE = /[<>&='\u2028\u2029]/g;

/** JSON the way Gson escapes it (`=` is `\u003d`), without the keys whose value is null or undefined. */
export function gson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (item === null ? undefined : item));
  return text.replace(HTML_UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * An instant as OffsetDateTimeAdapter writes it: UTC, microseconds, trailing zeros dropped (0 to 6 digits).
 */
export function offsetDateTime(date: Date, microseconds = 0): string {
  const [seconds = "", rest = ""] = date.toISOString().slice(0, -1).split(".");
  const fraction = `${rest}${String(microseconds).padStart(3, "0")}`.replace(/0+$/, "");
  return fraction === "" ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}
