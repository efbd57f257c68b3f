/**
 * Programs of another Debian release than this machine's, beside whatever is installed: packages are
 * downloaded and unpacked into a folder of their own, and their programs run there with the C library they
 * were built for. Nothing is installed, nothing mounted, and nobody has to be root. What enters is a release
 * and the name of a package; what leaves is the folder. This knows nothing of RabbitMQ.
 */
import { execFile } from "node:child_process";
import {
  access,
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./cache";

const run = promisify(execFile);

/** A release, the package wanted of it, and what that package needs and runs without. */
export interface DebianPackage {
  readonly release: string;
  readonly name: string;
  /** Which of the packages it depends on are unpacked, besides the libraries. */
  readonly with: RegExp;
  /** Makes its programs run, before anybody sees them. */
  readonly prepare: (place: Place) => Promise<void>;
}

/** Where a package is while it is prepared, and the root it will have when it is run. */
export interface Place {
  readonly now: string;
  readonly root: string;
}

const MIRROR = "http://deb.debian.org/debian";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LIBRARY = /^lib/;
/** How they are prepared; another number has them brought again, since what is in the cache stays as it is. */
const PREPARED = 2;

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether this machine has the tools for it. */
export async function canUnpackDebian(): Promise<boolean> {
  return (
    process.platform === "linux" &&
    (await isThere("/usr/bin/apt-get")) &&
    (await isThere("/usr/bin/dpkg-deb"))
  );
}

/**
 * The folder that holds the package, with all it needs, as if it were the root of a machine. It is brought
 * once and kept; two runs that bring it at the same time do not see each other's half.
 */
export async function unpackedDebian(wanted: DebianPackage, say: (line: string) => void): Promise<string> {
  const root = join(cacheFolder(), `${wanted.name}-${wanted.release}-${PREPARED}-${process.arch}`);
  if (await isThere(root)) return root;
  say(`Bringing ${wanted.name} of Debian ${wanted.release} into ${root} (about 60 MB) ...`);
  await mkdir(dirname(root), { recursive: true });
  await removeHalves(root);
  const half = await mkdtemp(`${root}-`);
  try {
    for (const file of await downloaded(wanted, half)) await run("dpkg-deb", ["-x", file, half]);
    await rm(join(half, ARCHIVES), { recursive: true });
    await wanted.prepare({ now: half, root });
    await rename(half, root).catch(async (error: unknown) => {
      // Somebody else was faster; what they have brought is as good.
      if (!(await isThere(root))) throw error;
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return root;
}

const ARCHIVES = "archives";
const ABANDONED_AFTER = 60 * 60 * 1_000;

/** What a run that was killed while it brought the package has left. */
async function removeHalves(root: string): Promise<void> {
  for (const name of await readdir(dirname(root))) {
    const path = join(dirname(root), name);
    if (!path.startsWith(`${root}-`)) continue;
    const half = await stat(path).catch(() => undefined);
    if (half === undefined || Date.now() - half.mtimeMs < ABANDONED_AFTER) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** Has apt-get resolve and verify as on an empty machine of that release, and touch nothing of this one. */
async function downloaded({ release, name, with: also }: DebianPackage, folder: string): Promise<string[]> {
  const state = await mkdtemp(join(tmpdir(), "regards-apt-"));
  const archives = join(folder, ARCHIVES);
  const signed = (await isThere(KEYRING)) ? `[signed-by=${KEYRING}] ` : "";
  const options = [
    `Dir::Etc::sourcelist=${join(state, "sources.list")}`,
    "Dir::Etc::sourceparts=-",
    "Dir::Etc::preferences=-",
    "Dir::Etc::preferencesparts=-",
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::Cache=${state}`,
    `Dir::Cache::archives=${archives}`,
    "APT::Default-Release=",
    "APT::Install-Recommends=false",
    "APT::Keep-Downloaded-Packages=true",
    // Root hands downloads to a user who may not write here.
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  const apt = (...args: string[]) => run("apt-get", [...options, ...args], { maxBuffer: 64 * 1024 * 1024 });
  try {
    await mkdir(join(state, "lists", "partial"), { recursive: true });
    await mkdir(join(archives, "partial"), { recursive: true });
    await writeFile(join(state, "status"), "");
    await writeFile(join(state, "sources.list"), `deb ${signed}${await mirror()} ${release} main\n`);
    await apt("update");
    await apt("install", "--download-only", "-y", name);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
  const files = (await readdir(archives)).filter((file) => file.endsWith(".deb"));
  const isNeeded = (file: string) => file.startsWith(`${name}_`) || LIBRARY.test(file) || also.test(file);
  return files.filter(isNeeded).map((file) => join(archives, file));
}

/** The mirror this machine takes Debian from, if it does. */
async function mirror(): Promise<string> {
  for (const file of ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]) {
    const text = await readFile(file, "utf8").catch(() => "");
    const [, found] = /^(?:URIs:|deb(?: \[.*?\])?)\s+(https?:\S+\/debian)\/?\s*(?:\s|$)/m.exec(text) ?? [];
    if (found !== undefined) return found;
  }
  return MIRROR;
}

/**
 * Lets the programs under a folder run on this machine: each is replaced by a script that starts it through
 * the loader, and with the libraries, that were unpacked with it.
 */
export async function runWithOwnLibraries({ now, root }: Place, folder: string): Promise<void> {
  const { loader, libraries } = await ownLibraries(now);
  const path = libraries.map((library) => join(root, library)).join(":");
  for (const program of await readdir(join(now, folder), { recursive: true })) {
    const script = join(now, folder, program);
    if (basename(dirname(script)) !== "bin" || !(await isElf(script))) continue;
    await rename(script, `${script}.elf`);
    const moved = join(root, folder, `${program}.elf`);
    await writeScript(script, `exec "${join(root, loader)}" --library-path "${path}" "${moved}" "$@"`);
  }
}

/** A script of the shell, in place of whatever stands there. */
export async function writeScript(path: string, ...lines: readonly string[]): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, `#!/bin/sh\n${lines.join("\n")}\n`);
  await chmod(path, 0o755);
}

/** The loader and the folders of libraries, relative to the root. */
async function ownLibraries(root: string): Promise<{ loader: string; libraries: string[] }> {
  const libraries: string[] = [];
  for (const parent of ["lib", "usr/lib"]) {
    const names = await readdir(join(root, parent)).catch(() => []);
    libraries.push(...names.filter((name) => name.includes("-linux-gnu")).map((name) => join(parent, name)));
  }
  for (const folder of libraries) {
    const loader = (await readdir(join(root, folder))).find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
    if (loader !== undefined) return { loader: join(folder, loader), libraries };
  }
  throw new Error(`no C library in ${root}`);
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(Buffer.from("\x7fELF", "latin1"));
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
