/**
 * Our hooks in Node-RED's messaging, of which some are in place only for a time. Node-RED keeps all hooks in one
 * object and looks seven of them up at every hop of every flow; V8 has an object slow for ever once another
 * property than the last is deleted. So ours go in the reverse order they came. Enters: the hooks there may be.
 */
import type { Runtime } from "./runtime";

export class Hooks<Name extends string> {
  readonly #registry: Runtime["hooks"];
  readonly #label: string;
  /** All there may be; the rarer, the later. */
  readonly #handlers: readonly (readonly [name: Name, add: (id: string) => void])[];
  /** In the order they were added. */
  readonly #inPlace: Name[] = [];

  /**
   * @param label tells ours from everybody's
   * @param handlers a name and how to add it, in the order they are to be added
   */
  constructor(
    registry: Runtime["hooks"],
    label: string,
    handlers: readonly (readonly [name: Name, add: (id: string) => void])[],
  ) {
    this.#registry = registry;
    this.#label = label;
    this.#handlers = handlers;
  }

  /** Adds and removes until those that are needed are in place, and no other. */
  use(isNeeded: (name: Name) => boolean): void {
    const needed = this.#handlers.filter(([name]) => isNeeded(name));
    const odd = needed.findIndex(([name], place) => this.#inPlace[place] !== name);
    const kept = odd < 0 ? needed.length : odd;
    for (const name of this.#inPlace.splice(kept).reverse()) {
      this.#registry.remove(`${name}.${this.#label}`);
    }
    for (const [name, add] of needed.slice(kept)) {
      add(`${name}.${this.#label}`);
      this.#inPlace.push(name);
    }
  }
}
