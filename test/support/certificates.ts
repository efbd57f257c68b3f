/**
 * A little certificate authority, made by Erlang (which comes with every RabbitMQ) so that openssl is not
 * needed.
 */
import { join } from "node:path";
import { runErlang } from "./erlang";
import type { Certificates } from "./rabbitmq";
import type { RabbitMqServer } from "./rabbitmq-server";

/** What Erlang's test authority writes into the client certificate. */
const CLIENT_COMMON_NAME = "client Peer cert";

const PROGRAM = (directory: string): string => `
  Key = {key, {rsa, 2048, 65537}},
  Digest = {digest, sha256},
  SubjectAltName = {2, 5, 29, 17},
  Names = [{dNSName, "localhost"}, {iPAddress, <<127, 0, 0, 1>>}],
  Localhost = {extensions, [{'Extension', SubjectAltName, false, Names}]},
  #{server_config := Server, client_config := Client} = public_key:pkix_test_data(#{
    server_chain => #{root => [Key, Digest], intermediates => [], peer => [Key, Digest, Localhost]},
    client_chain => #{root => [Key, Digest], intermediates => [], peer => [Key, Digest]}}),
  Pem = fun(Name, Entries) ->
    Path = filename:join("${directory}", Name),
    ok = file:write_file(Path, public_key:pem_encode([{Type, Der, not_encrypted} || {Type, Der} <- Entries])),
    ok = file:change_mode(Path, 8#600) end,
  Certificate = fun(Config) -> [{'Certificate', proplists:get_value(cert, Config)}] end,
  PrivateKey = fun(Config) -> [proplists:get_value(key, Config)] end,
  Authorities = lists:usort(proplists:get_value(cacerts, Server) ++ proplists:get_value(cacerts, Client)),
  Pem("ca.pem", [{'Certificate', Der} || Der <- Authorities]),
  Pem("server.pem", Certificate(Server)), Pem("server-key.pem", PrivateKey(Server)),
  Pem("client.pem", Certificate(Client)), Pem("client-key.pem", PrivateKey(Client)),
  halt(0).`;

/**
 * Writes ca.pem, server.pem, server-key.pem, client.pem and client-key.pem; the server's name is `localhost`.
 */
export async function makeCertificates(server: RabbitMqServer, directory: string): Promise<Certificates> {
  await runErlang(server, PROGRAM(directory.replaceAll("\\", "\\\\")));
  return {
    clientUser: CLIENT_COMMON_NAME,
    ca: join(directory, "ca.pem"),
    clientCertificate: join(directory, "client.pem"),
    clientKey: join(directory, "client-key.pem"),
  };
}
