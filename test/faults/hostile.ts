/** Deliveries that a hostile or broken publisher could send, generated from a seed so that they can be repeated. */
import { header, nestedArrays, nestedTables } from "./raw-publisher";

/** One delivery: its header table as bytes, and its body. */
export interface HostileDelivery {
  readonly headers: Buffer;
  readonly body: Buffer;
}

/** What must never be seen in a log, however it got into an event. */
export const SECRET = "s3cr3t-t0ken";

/** A repeatable random number from 0 to 1 (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

const whole = (random: Random, below: number): number => Math.floor(random() * below);

function oneOf<T>(random: Random, choices: readonly T[]): T {
  const found = choices[whole(random, choices.length)];
  if (found === undefined) throw new Error("nothing to choose from");
  return found;
}

const bytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => whole(random, 256)));

const FIELDS = [
  ...["status", "orderId", "correlationId", "message", "errorType", "errorCode", "downloadLink"],
  ...["subOrderId", "createdBy", "constructor", "__proto__", "toString", "length", ""],
];
const STATUSES = ["GRANTED", "SUBORDER_DONE", "DONE", "FAILED", "DENIED", "toString", "__proto__", "granted"];
const LINKS = [
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https://user:password@evil.example/",
  "//evil.example/x",
  "https://evil.example/../../..",
  "\u0000",
];

/** Any JSON value, of any type, in the wrong place. */
function anything(random: Random): unknown {
  return oneOf<() => unknown>(random, [
    () => null,
    () => true,
    () => whole(random, 1e9) - 5e8,
    () => 1e308 * 10 ** whole(random, 3),
    () => "",
    () => "x".repeat(whole(random, 20_000)),
    () => String.fromCharCode(whole(random, 0x10000), whole(random, 0x10000)),
    () => [anything(random)],
    // biome-ignore lint/suspicious/noThenProperty: hostile on purpose
    () => ({ [oneOf(random, FIELDS)]: null, then: "x", toJSON: 1 }),
    () => SECRET,
  ])();
}

function event(random: Random): Record<string, unknown> {
  const found: Record<string, unknown> = { status: oneOf(random, STATUSES), orderId: whole(random, 1e6) };
  for (let count = whole(random, 5); count > 0; count -= 1) found[oneOf(random, FIELDS)] = anything(random);
  if (random() < 0.3) found.downloadLink = oneOf(random, LINKS);
  return found;
}

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

function body(random: Random): Buffer {
  return oneOf<() => Buffer>(random, [
    () => bytes(random, whole(random, 2_000)),
    () => {
      const json = Buffer.from(JSON.stringify(event(random)));
      return json.subarray(0, whole(random, json.length));
    },
    () => Buffer.from(JSON.stringify(event(random))),
    () => Buffer.from(JSON.stringify(event(random))),
    () => Buffer.from(JSON.stringify(anything(random)) ?? ""),
    () => Buffer.from(nested(oneOf(random, [50, 99, 101, 1_000, 20_000]))),
    () => Buffer.from(`{"status":"DONE","__proto__":{"polluted":true},"token":"${SECRET}"}`),
    () => Buffer.from(`{"status":"DONE","text":"${"\ud83d\ude80".repeat(whole(random, 50_000))}"}`),
    () => Buffer.from("[]{}nulltrue\u0000".slice(0, whole(random, 12))),
  ])();
}

const sized = (content: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};
const text = (content: string): Buffer => sized(Buffer.from(content));

const TENANTS = [
  header("regards.tenant", "S", text("project1")),
  header("regards.tenant", "S", text("project2")),
  header("regards.tenant", "V", Buffer.alloc(0)),
  header("regards.tenant", "l", Buffer.alloc(8, 1)),
  header("regards.tenant", "A", sized(Buffer.from("t\u0001"))),
  Buffer.alloc(0),
];

function oddHeader(random: Random): Buffer {
  const key = oneOf(random, ["x", "", "__proto__", "x-death", "x-delivery-count", "regards.type", "ÿ\u0000"]);
  return oneOf<() => Buffer>(random, [
    () => header(key, "L", bytes(random, 8)),
    () => header(key, "l", bytes(random, 8)),
    () => header(key, "T", bytes(random, 8)),
    () => header(key, "D", bytes(random, 5)),
    () => header(key, "x", sized(bytes(random, whole(random, 300)))),
    () => header(key, "S", text(`Bearer ${SECRET}`)),
    () => header(key, "S", text("y".repeat(whole(random, 20_000)))),
    () => header(key, "F", sized(header("__proto__", "t", Buffer.of(1)))),
    () => nestedArrays(depth(random, 20_000)),
    () => nestedTables(depth(random, 12_000)),
  ])();
}

/**
 * RabbitMQ 4 takes a second to write a delivery of the deepest kind to its consumer, and four times that for twice
 * the depth (3.10 takes some milliseconds): these are few, and most of the time such a run takes.
 */
function depth(random: Random, deepest: number): number {
  return random() < 0.1 ? deepest : oneOf(random, [10, 150, 3_000]);
}

/** The delivery that belongs to this roll of the dice. */
export function hostileDelivery(random: Random): HostileDelivery {
  const headers = [random() < 0.7 ? (TENANTS[0] ?? Buffer.alloc(0)) : oneOf(random, TENANTS)];
  for (let count = random() < 0.3 ? 1 + whole(random, 3) : 0; count > 0; count -= 1) {
    headers.push(oddHeader(random));
  }
  return { headers: Buffer.concat(headers), body: body(random) };
}
