/** Finds a rabbitmq-server on this machine, or brings one where that can be done without asking anybody. */
import { execFile } from "node:child_process";
import { access, constants, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian's wrapper on the PATH insists on its own user and directories; the script behind it does not. */
const DEBIAN = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const MORE_PLACES = ["/usr/local/sbin", "/opt/homebrew/sbin", "/opt/rabbitmq/sbin"];

const NO_RABBITMQ =
  "No RabbitMQ to work with. Three ways out: " +
  "set REGARDS_AMQP_URL=amqp://user:password@host:5672/vhost to use one that runs somewhere; " +
  "or install rabbitmq-server (3.10 or later) on this machine, it need not be running; " +
  "or run this as root on Debian or Ubuntu, and it will be installed with apt-get.";

async function firstThat(paths: readonly string[], mode: number): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path, mode).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

function findServer(): Promise<string | undefined> {
  const directories = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...MORE_PLACES];
  return firstThat([DEBIAN, ...directories.map((path) => join(path, "rabbitmq-server"))], constants.X_OK);
}

/**
 * Keeps the package from starting a broker of its own on the well-known ports while it is being installed.
 */
async function withoutServiceStart<T>(install: () => Promise<T>): Promise<T> {
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = (await firstThat([policy], constants.F_OK)) === undefined;
  if (isOurs) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await install();
  } finally {
    if (isOurs) await rm(policy, { force: true });
  }
}

async function installServer(say: (line: string) => void): Promise<void> {
  say("RabbitMQ is not installed: installing it with apt-get (about a minute) ...");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  await withoutServiceStart(async () => {
    await run("apt-get", ["update"], options);
    await run("apt-get", ["install", "-y", "--no-install-recommends", "rabbitmq-server"], options);
  });
}

/** The path of a rabbitmq-server that can be started with settings of our own. */
export async function rabbitMqServer(say: (line: string) => void): Promise<string> {
  const found = await findServer();
  if (found !== undefined) return found;
  const isDebian = (await firstThat(["/etc/debian_version"], constants.R_OK)) !== undefined;
  if (!isDebian || process.getuid?.() !== 0) throw new Error(NO_RABBITMQ);
  try {
    await installServer(say);
  } catch (error) {
    throw new Error(`${NO_RABBITMQ} (apt-get was tried and failed.)`, { cause: error });
  }
  const installed = await findServer();
  if (installed === undefined) throw new Error(NO_RABBITMQ);
  return installed;
}
