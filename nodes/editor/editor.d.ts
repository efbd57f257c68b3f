/**
 * What our pages use of Node-RED's editor, and of the jQuery in it, so that their scripts can be checked
 * (test/package/page-types.spec.ts). Not shipped, and known to no other code.
 */

/** A node as the editor holds it: what every node has, and those properties of ours that our pages look at. */
interface EditorNode {
  readonly id: string;
  readonly type: string;
  /** The flow or subflow that it is on. */
  readonly z?: string;
  /** Whether it is disabled. */
  readonly d?: boolean;
  readonly _def: EditorDefinition;
  readonly credentials?: { readonly user?: string; readonly password?: string };
  readonly name?: string;
  readonly sample?: string;
  readonly settle?: string;
  readonly address?: string;
  readonly hosts?: string;
  readonly vhost?: string;
  readonly tenant?: string;
  readonly namespace?: string;
  inputs?: number;
  readonly [property: string]: unknown;
}

/** `true`, or the sentence that says what is wrong. */
type Verdict = boolean | string;

type Validate = (this: EditorNode, value: string | undefined, options: { readonly label: string }) => Verdict;

interface EditorProperty {
  readonly value: unknown;
  readonly label: string;
  readonly type?: string;
  readonly required?: boolean;
  readonly validate?: Validate;
}

/** What a page gives to `registerType`; `this` in it is the node. */
interface EditorDefinition {
  readonly category: string;
  readonly categoryDescription?: string;
  readonly color: string;
  readonly icon: string;
  readonly paletteLabel?: string;
  readonly align?: "right";
  readonly inputs?: number;
  readonly outputs?: number;
  readonly defaults: { readonly [property: string]: EditorProperty };
  readonly credentials?: { readonly [property: string]: { readonly type: string; readonly label: string } };
  label(): string;
  labelStyle(): string;
  inputLabels?(): string;
  /** Undefined is the editor's own label. */
  outputLabels?(index: number): string | undefined;
  onadd?(): void;
  readonly button?: ThisType<EditorNode> & { visible(): boolean; onclick(): void };
  oneditprepare(): void;
  oneditsave?(): void;
}

/** A subflow, or an instance of one, as far as its variables go. */
interface EditorSubflow {
  readonly id: string;
  readonly env?: readonly { readonly name: string; readonly value: unknown }[];
}

declare const RED: {
  _(key: string, values?: Words): string;
  readonly nodes: {
    id(): string;
    add(node: EditorNode): void;
    getType(type: string): EditorDefinition;
    registerType(type: string, definition: EditorDefinition & ThisType<EditorNode>): void;
    node(id: string | undefined): EditorNode | null;
    workspace(id: string | undefined): { readonly disabled?: boolean } | undefined;
    subflow(id: string | undefined): EditorSubflow | undefined;
    filterNodes(filter: { readonly type: string }): readonly (EditorNode & EditorSubflow)[];
    eachNode(see: (node: EditorNode) => void): void;
    eachConfig(see: (node: EditorNode) => void): void;
    /** The flows as they were deployed last. */
    originalFlow(): readonly { readonly id: string }[] | undefined;
  };
  readonly plugins: {
    registerPlugin<Id extends keyof OurPlugins>(
      id: Id,
      plugin: { readonly type: string } & OurPlugins[Id],
    ): void;
    /** Undefined until the plugin is there: validators may be called before that, dialogs may not. */
    getPlugin<Id extends keyof OurPlugins>(id: Id): OurPlugins[Id];
  };
  readonly settings: { readonly regardsBrokerInstallation?: string };
  readonly editor: {
    getEditStack(): readonly EditorNode[];
    validateNode(node: EditorNode): boolean;
  };
  readonly events: { on(event: string, act: () => void): void };
  readonly utils: { getNodeLabel(node: EditorNode, otherwise: string): string };
  readonly view: { redraw(): void };
  readonly tray: { resize(): void };
  readonly clipboard: { copyText(text: string, beside: Elements, message: string): boolean };
  readonly tabs: {
    create(options: { readonly id: string; onchange(tab: { readonly id: string }): void }): {
      addTab(tab: { readonly id: string; readonly label: string }): void;
      resize(): void;
    };
  };
  notify(text: string, type: "success" | "warning" | "error"): unknown;
};

/** What goes into the places of a sentence. */
type Words = { readonly [name: string]: unknown };
type Say = (key: string, values?: Words) => string;

/** A rule as the pages name it, with its limits, for one property. */
type RuleMaker = (name: RuleName, ...limits: Limits) => Validate;

type Limits = (string | number)[];
type RuleName =
  | ("present" | "oneWord" | "whole" | "number" | "choice")
  | ("queueName" | "exchangeName" | "correlation" | "nodeTypes");
type Rule = (this: EditorNode, value: string | undefined, label: string, ...limits: Limits) => Verdict;
type Rules = { readonly [name in RuleName]: Rule };

/** A line of what the server found: see src/diagnosis/connection-report.ts. */
interface FindingLine {
  readonly ok: boolean | null;
  readonly name: string;
  readonly subject?: string;
  readonly text: string;
  readonly next?: string;
  readonly values?: Words;
  readonly listed?: { readonly [name: string]: readonly string[] };
}

/** What the server found: the verdict first. */
interface Findings {
  readonly lines: readonly FindingLine[];
}

/** Regular expressions for what an account needs; what is not there it does not need. */
interface Rights {
  readonly configure?: readonly string[];
  readonly write?: readonly string[];
  readonly read?: readonly string[];
}

/** What an administrator is asked for. */
interface Need {
  /** The sentence, about an account, a virtual host and a node. */
  ask(about: Words): string;
  readonly rights: Rights;
}

/** What a node has received last: see src/nodes/last-event-route.ts. */
interface SeenLately {
  readonly tenants: readonly string[];
  readonly correlationIds: readonly string[];
}
interface LastEvent {
  readonly status: string;
  readonly receivedAt: string;
  readonly correlationId: string | null;
}

/** An event that was given up, and what a node has of them: see src/nodes/dead-letters-route.ts. */
interface GivenUpEvent {
  readonly id: string;
  readonly time?: string;
  readonly status?: string;
  readonly correlationId?: string;
  /** The node that reported the reason. */
  readonly node?: string;
  readonly reason?: string;
}
interface GivenUp {
  readonly count: number;
  readonly letters: readonly GivenUpEvent[];
  readonly differs?: string;
}

/** Which kinds of value a property may have, by the names of Node-RED. */
interface TypedInputs {
  readonly [property: string]: readonly string[];
}

/** What the REGARDS plugins offer to the pages of the nodes, and to each other. */
interface OurPlugins {
  "regards-rules": {
    readonly rules: Rules;
    current(node: EditorNode, property: string): unknown;
    correlation(type: string, value: string | undefined, label: string): Verdict;
    ownQueue(node: EditorNode, broker: EditorNode | null): string;
  };
  "regards-dialogs": {
    prepare(node: EditorNode, prefix: string, sections: { readonly [id: string]: readonly string[] }): void;
    /** @param type of the node that is tried; `regards-broker` unless said */
    ask(id: string | undefined, form: object, type?: string): Later<Findings>;
    sentence(line: FindingLine): string;
    test(id: string | undefined, form: object, button: string, list: string, type?: string): void;
    typedInputs(node: EditorNode, inputs: TypedInputs): void;
    /** @param look what to look at through the dialog's broker node: `publish`, `queue` or `exchange` */
    throughBroker(look: object): { readonly broker: EditorNode | null; readonly form: object };
    lookThroughBroker(look: object, button: string, list: string): void;
    openOutNode(node: EditorNode, inputs: TypedInputs): void;
  };
  "regards-permissions": {
    ofQueue(mode: string, queue: string, exchange: string): Rights;
    ofExchanges(exchanges: readonly string[]): Rights;
    offer(node: EditorNode, describe: () => Need): void;
  };
  "regards-queue-check": {
    open(node: EditorNode): { later(queue: string): void };
  };
  "regards-in-nodes": {
    open(
      node: EditorNode,
      about: { readonly eventClass?: string; readonly samples: readonly string[] },
    ): void;
    sendSample(node: EditorNode): void;
  };
  "regards-seen": {
    open(node: EditorNode): void;
    suggestTenants(node: EditorNode, field: string, list: string): void;
  };
}

/** An entry of a typed input: one of Node-RED's own by its name, or described. */
type InputType =
  | string
  | {
      readonly value: string;
      readonly label: string;
      readonly icon?: string;
      readonly hasValue?: boolean;
      readonly validate?: (value: string) => Verdict;
    };

/** What our pages use of jQuery. A field that is not there has no value: `val()` is then undefined. */
interface Elements {
  readonly length: number;
  val(): string | undefined;
  val(value: unknown): Elements;
  html(): string;
  text(text: string): Elements;
  attr(name: string, value: string): Elements;
  prop(name: string, value: boolean): Elements;
  toggle(shown: boolean): Elements;
  toggleClass(name: string, on: boolean): Elements;
  show(): Elements;
  hide(): Elements;
  empty(): Elements;
  append(...children: (Elements | Elements[] | string)[]): Elements;
  children(): Elements;
  first(): Elements;
  last(): Elements;
  get(): HTMLOptionElement[];
  off(event: string): Elements;
  each(see: (place: number, element: HTMLElement) => void): Elements;
  on(event: string, act: (event: { readonly target: HTMLDetailsElement }) => void): Elements;
  one(event: string, act: () => void): Elements;
  trigger(event: string): Elements;
  typedInput(options: { readonly typeField: string; readonly types: readonly InputType[] }): Elements;
  typedInput(question: "type"): string;
  typedInput(act: "validate"): boolean;
  typedInput(part: "type" | "value", to: string): Elements;
}

declare const $: {
  (selector: string | Element): Elements;
  (html: string, attributes: { readonly [name: string]: string | undefined }): Elements;
  getJSON<Answer>(url: string): Later<Answer>;
  ajax<Answer>(request: {
    readonly method: string;
    readonly url: string;
    readonly contentType: string;
    readonly data: string;
  }): Later<Answer>;
  Deferred(): { resolve<Answer>(answer: Answer): Later<Answer> };
};

/** An answer that says why not. */
interface Refusal {
  readonly status: number;
  readonly responseJSON?: { readonly trouble?: string };
}

/** What will be there later, or the answer that says why not. */
interface Later<Value> {
  then<Result, Instead = Result>(
    done: (value: Value) => Result,
    failed?: (answer: Refusal) => Instead | Later<Instead>,
  ): Later<Result | Instead>;
  always(act: () => void): Later<Value>;
}
