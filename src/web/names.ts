/**
 * Names of files and folders made of names from outside. Enters: what REGARDS or a ZIP calls a thing. Leaves: one
 * part of a path that is right on every system, leads nowhere else, and is nobody's yet.
 */

/** Of the 255 bytes most file systems allow, some are left for `.part` and a number. */
const MAX_BYTES = 230;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** One part of a path. */
export function safeName(name: string): string {
  const plain = wellFormed(name.normalize("NFC"))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a name from outside may hold them
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069/\\:*?"<>|]/g, "_")
    .replace(/^\s+/, "")
    // A leading dot hides a file, and two lead out of the folder; Windows drops dots and blanks at the end.
    .replace(/^\.+/, "_")
    .replace(/[. ]+$/, "_");
  // `.part` is what is not whole.
  const free =
    RESERVED.test(plain) || /\.part$/i.test(plain) ? `_${plain.replace(/\.part$/i, ".part_")}` : plain;
  return free === "" ? "_" : shortened(free);
}

/** Paths that are one and the same to a system that knows no upper case have the same. */
export function keyOfPath(path: string): string {
  return path.toUpperCase().toLowerCase();
}

/** A path nobody has, on such systems too; taken from now on. */
export function freePath(folder: string, name: string, taken: Set<string>): string {
  const [, stem = name, end = ""] = /^(.+?)((?:\.[^.]{1,10}){0,2})$/.exec(name) ?? [];
  for (let number = 1; ; number++) {
    const path = `${folder}/${number === 1 ? name : `${stem} (${number})${end}`}`;
    const key = keyOfPath(path);
    if (!taken.has(key)) {
      taken.add(key);
      return path;
    }
  }
}

/** The folder of a product: `<product>_v<version>`. */
export function productFolder(productId: string | undefined, version: number | undefined): string {
  const product = safeName(productId ?? "files");
  return version === undefined || productId === undefined ? product : `${product}_v${version}`;
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) {
    return name;
  }
  const [end = ""] = /\.[^.]{1,20}$/.exec(name) ?? [];
  let stem = name.slice(0, name.length - end.length);
  while (Buffer.byteLength(stem) + Buffer.byteLength(end) > MAX_BYTES) {
    stem = stem.slice(0, -1);
  }
  return `${wellFormed(stem)}${end}`;
}

/** Half a character would be another name on disk than in memory. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
