/**
 * What is known of an order or a product on its way to the disk, kept in its folder, so that whoever comes after a
 * crash finds it: which files there are and under which names, which of them are whole, and who has been told.
 * Enters: what happens. Leaves: what is still to do. Each line of the file is one fact, written and synced before
 * what follows from it is done; a last line that was torn counts for nothing.
 */
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { freePath, keyOfPath, productFolder, safeName } from "./names";
import { syncFolder } from "./part-file";
import { troubleOfDisk, WebTrouble } from "./troubles";

/** Its name, which no file from outside can have. */
export const PLAN = ".regards-order.jsonl";

/** A file that belongs there. */
export interface PlannedFile {
  /** REGARDS' id of it, or its checksum, or its name in a ZIP. */
  readonly id: string;
  readonly name: string;
  /** From the plan's folder, with slashes. */
  readonly path: string;
  readonly size?: number | undefined;
  readonly checksum?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly productId?: string | undefined;
  readonly version?: number | undefined;
  readonly mimeType?: string | undefined;
}

/** A file that has been whole on the disk. */
export interface Whole {
  readonly size: number;
  readonly sum: string | undefined;
  /** Its sum is the one REGARDS gives. */
  readonly verified: boolean;
}

/** How far a ZIP is: asked for, all here, taken apart. */
export type ZipState = "begun" | "whole" | "ended";

type Fact =
  | { readonly of: string }
  | { readonly file: PlannedFile }
  | ({ readonly whole: string } & Whole)
  | { readonly told: string; readonly files: readonly string[] }
  | { readonly zip: ZipState };

export class Plan {
  readonly folder: string;
  readonly #handle: FileHandle;
  readonly #files = new Map<string, PlannedFile>();
  readonly #taken = new Set<string>();
  readonly #whole = new Map<string, Whole>();
  readonly #told = new Map<string, string>();
  #of: string | undefined;
  #zip: ZipState = "ended";
  #zips = 0;
  #writing: Promise<void> = Promise.resolve();
  /** The last line may be half of one: the disk was full. */
  #isTorn = false;

  private constructor(folder: string, handle: FileHandle) {
    this.folder = folder;
    this.#handle = handle;
  }

  /** @param of what is fetched, and whose it is: for whoever looks into the file, and for who comes with another */
  static async open(folder: string, of: string): Promise<Plan> {
    try {
      await mkdir(folder, { recursive: true });
      const path = join(folder, PLAN);
      const before = await readFile(path, "utf8").catch(() => "");
      const plan = new Plan(folder, await open(path, "a"));
      plan.#read(before);
      plan.#isTorn = before !== "" && !before.endsWith("\n");
      await plan.#begin(of);
      return plan;
    } catch (error) {
      throw troubleOfDisk(error);
    }
  }

  async #begin(of: string): Promise<void> {
    try {
      if (this.#of !== undefined && this.#of !== of) {
        throw new WebTrouble("folder-taken", { of: this.#of });
      }
      if (this.#of === undefined) {
        await this.#write([{ of }]);
        await syncFolder(this.folder);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get files(): readonly PlannedFile[] {
    return [...this.#files.values()];
  }

  get count(): number {
    return this.#files.size;
  }

  get zip(): ZipState {
    return this.#zip;
  }

  /** How many ZIPs came whole: two of them may have a file of the same name. */
  get zips(): number {
    return this.#zips;
  }

  has(id: string): boolean {
    return this.#files.has(id);
  }

  wholeOf({ id }: PlannedFile): Whole | undefined {
    return this.#whole.get(id);
  }

  /** Who has been told of a file: the key of an event. */
  toldOf({ id }: PlannedFile): string | undefined {
    return this.#told.get(id);
  }

  /** Gives new files their names, which they keep; those that are known already stay as they are. */
  async add(found: readonly Omit<PlannedFile, "path">[]): Promise<readonly PlannedFile[]> {
    const fresh = new Map<string, PlannedFile>();
    for (const file of found) {
      if (!this.has(file.id) && !fresh.has(file.id)) {
        const folder = productFolder(file.productId, file.version);
        const path = freePath(folder, safeName(file.name), this.#taken);
        fresh.set(file.id, { ...file, path });
      }
    }
    try {
      await this.#write([...fresh.values()].map((file) => ({ file })));
    } catch (error) {
      for (const { path } of fresh.values()) {
        this.#taken.delete(keyOfPath(path));
      }
      throw error;
    }
    return [...fresh.values()];
  }

  /** Its part is whole and synced; it gets its final name next. */
  async markWhole({ id }: PlannedFile, whole: Whole): Promise<void> {
    await this.#write([{ whole: id, ...whole }]);
  }

  async markTold(key: string, files: readonly PlannedFile[]): Promise<void> {
    await this.#write([{ told: key, files: files.map(({ id }) => id) }]);
  }

  async markZip(zip: ZipState): Promise<void> {
    await this.#write([{ zip }]);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  async #write(facts: readonly Fact[]): Promise<void> {
    if (facts.length === 0) {
      return;
    }
    await this.#append(facts.map((fact) => `${JSON.stringify(fact)}\n`).join(""));
    for (const fact of facts) {
      this.#know(fact);
    }
  }

  /** One after the other, and on the disk before anything follows from it. */
  #append(text: string): Promise<void> {
    const work = async (): Promise<void> => {
      try {
        const isTorn = this.#isTorn;
        this.#isTorn = true;
        await this.#handle.appendFile(isTorn ? `\n${text}` : text);
        this.#isTorn = false;
        await this.#handle.sync();
      } catch (error) {
        throw troubleOfDisk(error);
      }
    };
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #read(text: string): void {
    for (const line of text.split("\n")) {
      try {
        if (line !== "") {
          this.#know(JSON.parse(line) as Fact);
        }
      } catch {
        // Torn by a crash: what it was to say has not been acted upon.
      }
    }
  }

  #know(fact: Fact): void {
    if ("of" in fact) {
      this.#of = fact.of;
    } else if ("file" in fact) {
      this.#files.set(fact.file.id, fact.file);
      this.#taken.add(keyOfPath(fact.file.path));
    } else if ("whole" in fact) {
      const { whole, size, sum, verified } = fact;
      this.#whole.set(whole, { size, sum, verified });
    } else if ("told" in fact) {
      for (const id of fact.files) {
        this.#told.set(id, fact.told);
      }
    } else if ("zip" in fact) {
      this.#zip = fact.zip;
      this.#zips += fact.zip === "whole" ? 1 : 0;
    }
  }
}
