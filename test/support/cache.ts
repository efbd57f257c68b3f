/** Where what one run has brought serves the next. */
import { homedir } from "node:os";
import { join } from "node:path";

/** A folder of this user, so that nobody runs what somebody else wrote; it may not be there yet. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "node-red-regards");
}
