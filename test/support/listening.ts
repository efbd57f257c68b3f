/** Whether something accepts connections on a port of this machine: the only sign a server that starts gives. */
import { connect } from "node:net";
import { HOST } from "./broker-settings";

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const answer = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
  });
}
