/**
 * Reads single properties of what flows.json holds. Values arrive as strings when they came from an environment
 * variable, and are missing in older flows. Enters: a node definition and a property's name. Leaves: a value that
 * can be relied on, or a `SettingsError` that names the property and says what it may be.
 */

/** A property as the editor stored it. */
export type Definition = Readonly<Record<string, unknown>>;

/** A setting that cannot be used: a catalogue key under `runtime.setting` and the words for it. */
export class SettingsError extends Error {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;

  constructor(key: string, values: Readonly<Record<string, string>>) {
    super(`${key}: ${JSON.stringify(values)}`);
    this.name = "SettingsError";
    this.key = key;
    this.values = values;
  }
}

/** The property without blanks around it; `otherwise` where it is missing or blank. */
export function text(definition: Definition, property: string, otherwise: string): string {
  const value = definition[property];
  if (value === undefined || value === null) {
    return otherwise;
  }
  const written = String(value).trim();
  return written === "" ? otherwise : written;
}

/**
 * Node-RED leaves the name where the environment has no value; a tenant of that name would hide everything.
 * Says all of them at once: whoever forgot one file of variables has forgotten them all.
 */
export function refuseUnset(definition: Definition, properties: readonly string[]): void {
  const unset = properties.flatMap((property) => {
    const value = text(definition, property, "");
    return /^\$\{[^}]+\}$/.test(value) ? [{ property, value }] : [];
  });
  if (unset.length > 0) {
    throw new SettingsError("unset", {
      property: unset.map(({ property }) => property).join(", "),
      value: unset.map(({ value }) => value).join(", "),
    });
  }
}

/** One of a few words; the first where the property is missing. */
export function choice<T extends string>(
  definition: Definition,
  property: string,
  choices: readonly [T, ...T[]],
): T {
  const value = text(definition, property, choices[0]);
  const found = choices.find((each) => each === value);
  if (found === undefined) {
    throw new SettingsError("choice", { property, value, choices: choices.join(", ") });
  }
  return found;
}

/** A whole number within limits. */
export function whole(
  definition: Definition,
  property: string,
  otherwise: number,
  from: number,
  to: number,
): number {
  const value = number(definition, property, otherwise, from, to);
  if (!Number.isInteger(value)) {
    throw outOfRange(definition, property, from, to);
  }
  return value;
}

/** A number within limits. */
export function number(
  definition: Definition,
  property: string,
  otherwise: number,
  from: number,
  to: number,
): number {
  const written = text(definition, property, String(otherwise));
  const value = Number(written);
  if (!Number.isFinite(value) || value < from || value > to) {
    throw outOfRange(definition, property, from, to);
  }
  return value;
}

function outOfRange(definition: Definition, property: string, from: number, to: number): SettingsError {
  const value = String(definition[property]);
  return new SettingsError("number", { property, value, from: String(from), to: String(to) });
}
