/**
 * Finds a RabbitMQ on this machine, or brings one where that can be done without asking anybody. What enters
 * is the version wanted; what leaves is where its programs are. It starts nothing.
 */
import { access, constants, readdir, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import {
  canUnpackDebian,
  type Place,
  runWithOwnLibraries,
  unpackedDebian,
  writeScript,
} from "./debian-packages";

/** The versions everything that depends on the broker is tested with. */
export type RabbitMqVersion = "3.10" | "4.0";

/** Programs that can be started with settings of our own. */
export interface RabbitMqServer {
  /** As in 3.10 or 4.0. */
  readonly version: string;
  /** The script that starts the server. */
  readonly script: string;
  /** The folder of its Erlang's programs, where these are not on the PATH. */
  readonly erlang: string | undefined;
}

/** Which Debian has which version. */
const RELEASES: Readonly<Record<RabbitMqVersion, string>> = { "3.10": "bookworm", "4.0": "trixie" };

/** Debian's wrapper on the PATH insists on its own user and directories; the script behind it does not. */
const SCRIPT = "usr/lib/rabbitmq/bin/rabbitmq-server";
const ERLANG = "usr/lib/erlang";
const MORE_PLACES = ["/usr/local/sbin", "/opt/homebrew/sbin", "/opt/rabbitmq/sbin"];

const NO_RABBITMQ =
  "No RabbitMQ to work with. Three ways out: " +
  "set REGARDS_AMQP_URL=amqp://user:password@host:5672/vhost to use one that runs somewhere; " +
  "or install rabbitmq-server (3.10 or later) on this machine, it need not be running; " +
  "or run this on Debian or Ubuntu with a network, and its packages will be unpacked in a cache of yours.";

/**
 * A server of this version; without one, that of the machine, else 3.10.
 * @throws when there is none and none can be brought
 */
export async function rabbitMqServer(
  say: (line: string) => void,
  version?: RabbitMqVersion,
): Promise<RabbitMqServer> {
  const found = await ofThisMachine();
  if (found && (version === undefined || found.version === version)) return found;
  const wanted = version ?? "3.10";
  if (!(await canUnpackDebian())) {
    throw new Error(`${NO_RABBITMQ}${version === undefined ? "" : ` (Version ${version} was asked for.)`}`);
  }
  try {
    return await ofDebian(wanted, say);
  } catch (error) {
    throw new Error(`${NO_RABBITMQ} (Bringing ${wanted} was tried and failed.)`, { cause: error });
  }
}

/** The version the shared broker is to have, from REGARDS_RABBITMQ; undefined leaves it to the machine. */
export function wantedVersion(): RabbitMqVersion | undefined {
  const wanted = process.env.REGARDS_RABBITMQ || undefined;
  if (wanted === undefined || wanted === "3.10" || wanted === "4.0") return wanted;
  throw new Error(`REGARDS_RABBITMQ is 3.10 or 4.0, not ${wanted}`);
}

async function ofThisMachine(): Promise<RabbitMqServer | undefined> {
  const directories = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...MORE_PLACES];
  for (const path of [join("/", SCRIPT), ...directories.map((folder) => join(folder, "rabbitmq-server"))]) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return { version: await versionOf(path), script: path, erlang: undefined };
  }
  return undefined;
}

/** Every package keeps the script in a folder that is named after the version. */
async function versionOf(script: string): Promise<string> {
  const [, version] = /rabbitmq[^/]*[-_/](\d+\.\d+)\.\d+[^/]*\//.exec(await realpath(script)) ?? [];
  return version ?? "of unknown version";
}

async function ofDebian(version: RabbitMqVersion, say: (line: string) => void): Promise<RabbitMqServer> {
  const root = await unpackedDebian(
    { release: RELEASES[version], name: "rabbitmq-server", with: /^erlang-/, prepare: prepareErlang },
    say,
  );
  return { version, script: join(root, SCRIPT), erlang: join(root, ERLANG, "bin") };
}

/**
 * Erlang has the folder it was built for in its start scripts: in the one people start, and in the one beside the
 * machine, which a running Erlang finds first when it starts another (as RabbitMQ 4 does to look for the members
 * of its cluster).
 */
async function prepareErlang(place: Place): Promise<void> {
  const runtime = (await readdir(join(place.now, ERLANG))).find((name) => name.startsWith("erts-"));
  if (runtime === undefined) throw new Error("the package holds no Erlang");
  await runWithOwnLibraries(place, ERLANG);
  const root = join(place.root, ERLANG);
  for (const folder of ["bin", join(runtime, "bin")]) {
    await writeScript(
      join(place.now, ERLANG, folder, "erl"),
      `export ROOTDIR="${root}" BINDIR="${join(root, runtime, "bin")}" EMU=beam PROGNAME=erl`,
      `exec "$BINDIR/erlexec" "$@"`,
    );
  }
}
