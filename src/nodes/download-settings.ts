/**
 * The settings of a download node. Enters: its definition. Leaves: where in a message the order is, where the files
 * go, and how they are fetched.
 */
import { choice, type Definition, refuseUnset, SettingsError, text, whole } from "./settings";

/** A value of a dialog with a type: text, a property of the message, an expression. */
export interface TypedValue {
  readonly value: string;
  readonly type: string;
}

/** The settings of a `regards-download`. */
export interface DownloadSettings {
  readonly order: TypedValue;
  readonly folder: TypedValue;
  readonly mode: "files" | "zip";
  readonly parallel: number;
}

/** @throws SettingsError */
export function downloadSettings(definition: Definition): DownloadSettings {
  refuseUnset(definition, ["order", "orderType", "folder", "folderType", "mode", "parallel"]);
  const folder = text(definition, "folder", "");
  if (folder === "") {
    throw new SettingsError("required", { property: "folder" });
  }
  return {
    order: {
      value: text(definition, "order", "payload.orderId"),
      type: text(definition, "orderType", "msg"),
    },
    folder: { value: folder, type: text(definition, "folderType", "str") },
    mode: choice(definition, "mode", ["files", "zip"]),
    parallel: whole(definition, "parallel", 1, 1, 3),
  };
}
