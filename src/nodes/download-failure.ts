/**
 * What is said of a download that failed, on the third output or to Catch. Enters: an error, or an outcome with files
 * that could not be had. Leaves: a code to switch on, and a sentence in the server's language.
 */
import type { NodeAPI } from "node-red";
import type { Outcome } from "../web/fetching";
import { WebTrouble } from "../web/troubles";
import { NotAskedError } from "./download-asked";
import { downloadTranslator, translator } from "./words";

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly failed?: readonly { readonly name: string; readonly code: string; readonly message: string }[];
}

/** Nothing came of it at all. */
export function failureOf(RED: NodeAPI, error: unknown): Failure {
  if (error instanceof NotAskedError) {
    const words = translator(RED, "runtime");
    const code = error.key === "bad-folder" ? "REGARDS_FOLDER" : "REGARDS_NO_ORDER";
    return { code, message: words(error.key) };
  }
  if (error instanceof WebTrouble) {
    return { code: error.code, message: sentence(RED, error) };
  }
  return { code: "REGARDS_DOWNLOAD", message: error instanceof Error ? error.message : String(error) };
}

/** Some files could not be had, or all there was is a NOTICE.txt. */
export function failureIn(RED: NodeAPI, { failed, saved, notices }: Outcome): Failure {
  const [first] = failed;
  if (first === undefined) {
    return failureOf(RED, new WebTrouble("notice", { count: notices.length }));
  }
  const codes = new Set(failed.map(({ trouble }) => trouble.code));
  const cause = sentence(RED, first.trouble);
  const values = { count: failed.length, total: failed.length + saved.length, name: first.file.name, cause };
  return {
    code: codes.size === 1 ? first.trouble.code : "REGARDS_INCOMPLETE",
    message: translator(RED, "runtime")("not-fetched", values),
    failed: failed.map(({ file, trouble }) => ({
      name: file.name,
      code: trouble.code,
      message: sentence(RED, trouble),
    })),
  };
}

function sentence(RED: NodeAPI, { trouble, values }: WebTrouble): string {
  return downloadTranslator(RED, "trouble")(trouble, values);
}
