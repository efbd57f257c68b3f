/** As much of Node-RED's editor as our pages use: what they are checked against. */

// biome-ignore lint/suspicious/noExplicitAny: the properties of a node are its own.
type EditorNode = any;

/** `this` in the functions of a definition is the node, or its copy in the dialog. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
type Definition = Readonly<Record<string, unknown>> & ThisType<any>;

declare const RED: {
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
  notify(text: string, options: unknown): void;
  readonly settings: { readonly regardsBrokerInstallation?: string };
  readonly plugins: {
    registerPlugin(id: string, plugin: Definition): void;
    // biome-ignore lint/suspicious/noExplicitAny: what a plugin offers is its own.
    getPlugin(id: string): any;
  };
  readonly nodes: {
    registerType(type: string, definition: Definition): void;
    node(id: unknown): EditorNode;
    subflow(id: unknown): EditorNode;
    workspace(id: string): { readonly disabled?: boolean } | undefined;
    eachNode(visit: (node: EditorNode) => unknown): void;
    filterNodes(filter: { readonly type?: string }): EditorNode[];
  };
  readonly editor: { getEditStack(): EditorNode[]; validateNode(node: EditorNode): boolean };
  readonly events: { on(event: string, listener: (subject: EditorNode) => void): void };
  readonly tray: { resize(): void };
  readonly view: { redraw(): void };
  readonly tabs: { create(options: Definition): { addTab(tab: unknown): void; resize(): void } };
  readonly utils: { getNodeLabel(node: EditorNode, otherwise: string): string };
};

// biome-ignore lint/suspicious/noExplicitAny: jQuery, as the editor brings it, with Node-RED's widgets.
declare const $: any;
