/** What is wrong with the words of an open dialog, whatever its language. */
import type { Editor } from "./editor";

/** Every visible word of the dialog, folded parts included, that cannot be right. */
export async function flaws(editor: Editor): Promise<string[]> {
  return editor.dialog.evaluate((form) => {
    for (const fold of form.querySelectorAll("details")) {
      fold.open = true;
    }
    const found: string[] = [];
    for (const label of form.querySelectorAll<HTMLLabelElement>(".form-row > label")) {
      if (label.offsetParent === null) {
        continue;
      }
      const text = label.textContent.trim();
      const lineHeight = Number.parseFloat(getComputedStyle(label).lineHeight);
      if (text === "" || label.scrollWidth > label.clientWidth || label.clientHeight > 1.5 * lineHeight) {
        found.push(`wrapped, cut or empty: ${text} (${label.htmlFor})`);
      }
      if (document.getElementById(label.htmlFor) === null) {
        found.push(`a label for nothing: ${text}`);
      }
    }
    for (const translated of form.querySelectorAll("[data-i18n]")) {
      const keys = (translated.getAttribute("data-i18n") ?? "")
        .split(";")
        .map((key) => key.replace(/^\[.*\]|.*:/g, ""));
      const shown = [translated.textContent ?? "", translated.getAttribute("placeholder") ?? ""];
      found.push(
        ...keys.filter((key) => shown.some((text) => text.includes(key))).map((key) => `no text for ${key}`),
      );
    }
    return found;
  });
}
