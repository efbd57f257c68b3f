/** A real Chromium for the editor's tests and pictures: the machine's own, or Debian's where it can be had. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

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

/** For a suite's `before`: where no browser can be had, says why and skips. */
export async function browserOrSkip(suite: Mocha.Context): Promise<Browser> {
  try {
    return await startBrowser();
  } catch (error) {
    if (error instanceof NoBrowserError) {
      console.log(error.message);
      suite.skip();
    }
    throw error;
  }
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
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    maxBuffer: 64 * 1024 * 1024,
  };
  await run("apt-get", ["update"], options);
  await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu"], options);
  const found = await findChromium();
  if (found === undefined) {
    throw new NoBrowserError();
  }
  return found;
}

function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
