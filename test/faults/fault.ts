/** What a fault is: how it comes, how it goes, and what a user sees of it meanwhile. */
import type { FlowOptions } from "./flow";
import type { ExpectedVerdicts } from "./requests";
import type { Scene } from "./scene";

/** Lines our nodes write into Node-RED's log each time. */
export interface Lines {
  /** Warnings: something broke. */
  readonly broken: number;
  /** Information: it is mended. */
  readonly mended: number;
  /** So many more of both, depending on who notices first. */
  readonly perhaps?: number;
}

/** One fault; what is not said is as usual. */
export interface Fault {
  readonly title: string;
  /** Quick enough for `npm test`, and worth it. */
  readonly isQuick?: true;
  /** Seconds between cause and cure. */
  readonly lasts: number;
  /** How often it can happen, where that is not for the form of the suite to say. */
  readonly rounds?: number;
  readonly flow?: FlowOptions;
  /** Without a plain client beside it, which would take what has no other queue, or fill it for nobody. */
  readonly alone?: true;
  /** Before the flow is deployed. */
  prepare?(scene: Scene): Promise<void>;
  inject(scene: Scene): Promise<void> | void;
  mend(scene: Scene): Promise<void> | void;
  /** Whatever `prepare` changed beyond the scene. */
  restore?(scene: Scene): Promise<void>;
  /** Status texts that must appear while it lasts, by node. */
  readonly shows?: Readonly<Record<string, RegExp>>;
  /** One line when it breaks and one when it is mended, unless told otherwise. */
  readonly lines?: Lines;
  /** Some acknowledgements are refused, and say so; `perhaps` where it depends on the moment. */
  readonly refuses?: boolean | "perhaps";
  /**
   * What stops the flow, so that what it had in hand comes again: the death of its process, after which nobody
   * knows what it had, or a full deploy, after which the next flow has it for the first time.
   */
  readonly stoppedBy?: "death" | "deploy";
  /** Some acknowledgements are published twice, with the same message id. */
  readonly resends?: boolean;
  /** What orders are told, where the flow asks for some. */
  readonly verdicts?: ExpectedVerdicts;
  /** Seconds it may take to recover. */
  readonly within?: number;
}
