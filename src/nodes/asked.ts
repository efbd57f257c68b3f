/**
 * Evaluates what a message asks an out-node for. Enters: a message, and where the dialog says its values are. Leaves:
 * the values; or the error of an expression. It does not know what they are for.
 */
import type { Node, NodeAPI, NodeMessageInFlow } from "node-red";
import type { OutSettings } from "../publish/settings";
import type { Asked } from "../regards/publication";

/** Everything the dialog asks for, found in a message. */
export async function askedBy(
  RED: NodeAPI,
  node: Node,
  { inputs, choices }: OutSettings,
  message: NodeMessageInFlow,
  correlationId: string,
): Promise<Asked> {
  const values: Record<string, unknown> = { ...choices };
  for (const [name, { value, type }] of Object.entries(inputs)) {
    // A path or an expression that nobody wrote finds nothing.
    const isBlank = value === "" && type !== "str";
    values[name] = isBlank ? undefined : await evaluated(RED, node, value, type, message);
  }
  return { values, payload: message.payload, correlationId };
}

function evaluated(
  RED: NodeAPI,
  node: Node,
  value: string,
  type: string,
  message: NodeMessageInFlow,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, message, (error, result) => {
      if (error) {
        reject(error);
      } else {
        resolve(result);
      }
    });
  });
}
