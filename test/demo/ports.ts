/** The ports people know the demo by: the usual ones, or the next that is free. */
import { createServer } from "node:net";

/** Where each part listens when nothing is in its way. */
export const USUAL = { nodeRed: 1880, regards: 1881, control: 1882, rabbitMq: 5672 } as const;

const NAMES: Readonly<Record<keyof typeof USUAL, string>> = {
  ...{ nodeRed: "Node-RED", regards: "the simulated REGARDS" },
  ...{ control: "the control address of the buttons", rabbitMq: "RabbitMQ" },
};

/** The ports of one run. */
export type Ports = Readonly<Record<keyof typeof USUAL, number>>;

const TRIES = 100;

/** The usual port of a part, or the first free one behind it. */
export async function portFor(part: keyof typeof USUAL, taken: ReadonlySet<number>): Promise<number> {
  const usual = USUAL[part];
  for (let port = usual; port < usual + TRIES; port += 1) {
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no port between ${usual} and ${usual + TRIES} is free`);
}

/** Says of each part that is not on its usual port where it is instead. */
export function otherPorts(ports: Ports): readonly string[] {
  return Object.entries(USUAL)
    .filter(([part, usual]) => ports[part as keyof typeof USUAL] !== usual)
    .map(
      ([part, usual]) =>
        `Port ${usual} is taken: ${NAMES[part as keyof typeof USUAL]} listens on ${ports[part as keyof typeof USUAL]}.`,
    );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
