/** A server whose certificate has expired, signed by an authority a client trusts: made by Erlang, as the others. */
import { join } from "node:path";
import { runErlang } from "../support/erlang";
import { rabbitMqServer, wantedVersion } from "../support/rabbitmq-server";

const PROGRAM = (directory: string): string => `
  Key = {key, {rsa, 2048, 65537}},
  Past = {validity, {{2020, 1, 1}, {2021, 1, 1}}},
  Names = [{dNSName, "localhost"}, {iPAddress, <<127, 0, 0, 1>>}],
  Localhost = {extensions, [{'Extension', {2, 5, 29, 17}, false, Names}]},
  #{server_config := Server, client_config := Client} = public_key:pkix_test_data(#{
    server_chain => #{root => [Key, {digest, sha256}], intermediates => [],
                      peer => [Key, {digest, sha256}, Past, Localhost]},
    client_chain => #{root => [Key, {digest, sha256}], intermediates => [], peer => [Key, {digest, sha256}]}}),
  Pem = fun(Name, Entries) ->
    Path = filename:join("${directory}", Name),
    ok = file:write_file(Path, public_key:pem_encode([{Type, Der, not_encrypted} || {Type, Der} <- Entries])),
    ok = file:change_mode(Path, 8#600) end,
  Pem("expired.pem", [{'Certificate', proplists:get_value(cert, Server)}]),
  Pem("expired-key.pem", [proplists:get_value(key, Server)]),
  Pem("expired-ca.pem", [{'Certificate', Der} || Der <- proplists:get_value(cacerts, Client)]),
  halt(0).`;

/** PEM files of the server, and the authority to trust. */
export interface ExpiredCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/** Writes them into a directory. */
export async function makeExpiredCertificate(directory: string): Promise<ExpiredCertificate> {
  const server = await rabbitMqServer((line) => console.error(line), wantedVersion());
  await runErlang(server, PROGRAM(directory.replaceAll("\\", "\\\\")));
  return {
    certificate: join(directory, "expired.pem"),
    key: join(directory, "expired-key.pem"),
    ca: join(directory, "expired-ca.pem"),
  };
}
