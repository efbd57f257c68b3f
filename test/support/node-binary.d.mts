/** The path of a Node.js new enough for this major version of Node-RED. */
export declare function nodeFor(nodeRedVersion: number): Promise<string>;
