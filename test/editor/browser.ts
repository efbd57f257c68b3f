/** A real Chromium for the editor's tests and pictures: the machine's own, or Debian's where it can be had. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);

/** The first is Chromium without the window around its pages: an editor opens in two thirds of the time. */
const NAMES = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

/** Headless, as root, without a display, and without a word to the outside. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why there is no browser here, and the ways to one. */
export class NoBrowserError extends Error {
  override readonly name = "NoBrowserError";
  constructor() {
    super(
      "No Chromium to look at the editor with: install chromium (or set CHROMIUM to its path), " +
        "or run this as root on Debian or Ubuntu, and it will be installed with apt-get.",
    );
  }
}

/**
 * Starts Chromium with a profile of its own, gone when it is closed.
 * @throws NoBrowserError where there is none and none can be brought
 */
export async function startBrowser(say: (line: string) => void = console.log): Promise<Browser> {
  const executablePath = await chromiumPath(say);
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** Where Chromium is, brought here first if it may be. */
export async function chromiumPath(say: (line: string) => void = console.log): Promise<string> {
  return (await findChromium()) ?? (await installChromium(say));
}

async function findChromium(): Promise<string | undefined> {
  const directories = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const places = directories.flatMap((directory) => NAMES.map((name) => join(directory, name)));
  for (const path of [process.env.CHROMIUM ?? "", ...places]) {
    if (path !== "" && (await isThere(path, constants.X_OK))) {
      return path;
    }
  }
  return undefined;
}

async function installChromium(say: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0 || !(await isThere("/usr/bin/apt-get", constants.X_OK))) {
    throw new NoBrowserError();
  }
  say("Chromium is not installed: installing it with apt-get (a minute or two) ...");
  await aptGet("update");
  // Debian has the small one since 2024.
  await install("chromium-headless-shell").catch(() => install("chromium"));
  const found = await findChromium();
  if (found === undefined) {
    throw new NoBrowserError();
  }
  return found;
}

function install(chromium: string): Promise<unknown> {
  return aptGet("install", "-y", "--no-install-recommends", chromium, "fonts-dejavu");
}

function aptGet(...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return run("apt-get", args, { env, maxBuffer: 64 * 1024 * 1024 });
}

function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
