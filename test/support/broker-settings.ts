/** Everything a private broker is told before it starts: where to listen, where to write, whom to let in. */
import { join } from "node:path";
import { MULTITENANT_VHOST } from "./broker-console";
import { erlangEnvironment } from "./erlang";
import type { RabbitMqServer } from "./rabbitmq-server";

/** Nothing outside this machine can reach it. */
export const HOST = "127.0.0.1";
export const USER = "regards";
export const PASSWORD = "regards-secret";

/** The vhosts REGARDS has besides its tenants' one, and RabbitMQ's own default. */
export const OTHER_VHOSTS = ["/", "regards.instance.manager"];

/** Its ports, all chosen free. */
export interface Ports {
  readonly amqp: number;
  readonly tls: number | undefined;
  readonly epmd: number;
  readonly distribution: number;
}

/** Its name in the Erlang world. */
export const nodeName = ({ distribution }: Ports): string => `regards-${distribution}@localhost`;

/** The text of rabbitmq.conf. */
export function configuration(directory: string, ports: Ports, more: string): string {
  const lines = [
    `listeners.tcp.1 = ${HOST}:${ports.amqp}`,
    `default_vhost = ${MULTITENANT_VHOST}`,
    `default_user = ${USER}`,
    `default_pass = ${PASSWORD}`,
    "loopback_users = none",
  ];
  if (ports.tls !== undefined) {
    lines.push(
      `listeners.ssl.1 = ${HOST}:${ports.tls}`,
      `ssl_options.cacertfile = ${join(directory, "ca.pem")}`,
      `ssl_options.certfile = ${join(directory, "server.pem")}`,
      `ssl_options.keyfile = ${join(directory, "server-key.pem")}`,
      "ssl_options.verify = verify_peer",
      "ssl_options.fail_if_no_peer_cert = false",
      "auth_mechanisms.1 = PLAIN",
      "auth_mechanisms.2 = EXTERNAL",
      "ssl_cert_login_from = common_name",
    );
  }
  return `${lines.join("\n")}\n${more}\n`;
}

/** The environment of the server, and of whoever wants to talk to it as an Erlang node. */
export function environment(server: RabbitMqServer, directory: string, ports: Ports): NodeJS.ProcessEnv {
  const at = (name: string) => join(directory, name);
  return {
    ...erlangEnvironment(server),
    HOME: directory,
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: HOST,
    RABBITMQ_NODENAME: nodeName(ports),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_CONF_ENV_FILE: at("rabbitmq-env.conf"),
    RABBITMQ_CONFIG_FILE: at("rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: at("advanced.config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: at("enabled_plugins"),
    RABBITMQ_MNESIA_BASE: at("data"),
    RABBITMQ_SCHEMA_DIR: at("schema"),
    RABBITMQ_GENERATED_CONFIG_DIR: at("config"),
    RABBITMQ_LOG_BASE: at("logs"),
    RABBITMQ_LOGS: at("rabbitmq.log"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    // Under systemd the script becomes the Erlang machine instead of waiting for it: signals then reach it.
    RUNNING_UNDER_SYSTEMD: "true",
  };
}
