/** One Chromium for the whole mocha run; every suite opens pages of its own in it. */
import type { Browser } from "playwright-core";
import { NoBrowserError, startBrowser } from "./browser";

let shared: Promise<Browser> | undefined;

/** The browser all suites share, for a suite's `before`: where none can be had, says why and skips. */
export async function browserOrSkip(suite: Mocha.Context): Promise<Browser> {
  shared ??= startBrowser();
  try {
    return await shared;
  } catch (error) {
    if (error instanceof NoBrowserError) {
      console.log(error.message);
      suite.skip();
    }
    throw error;
  }
}

// At the root of the suite, whichever spec loads this module first: after everything.
after("close the shared browser", async () => {
  const browser = await shared?.catch(() => undefined);
  await browser?.close();
});
