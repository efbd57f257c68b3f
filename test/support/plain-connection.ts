/** A connection of ours as a broker node would make it, for tests that need no Node-RED around it. */
import { Connection } from "../../src/amqp/connection";
import type { Target } from "./tcp-proxy";

/** Who logs in where. */
interface Login {
  readonly vhost: string;
  readonly user: string;
  readonly password: string;
}

/** Not opened yet; through `address`, which may be a relay in front of the broker. */
export function plainConnection(address: Target, login: Login, heartbeat = 0): Connection {
  return new Connection({
    endpoints: [{ hostname: address.host, port: address.port }],
    vhost: login.vhost,
    username: login.user,
    password: login.password,
    heartbeat,
    name: "test",
  });
}
