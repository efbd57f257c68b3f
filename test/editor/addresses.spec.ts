/** AMQP addresses in the broker's dialog: each part goes where it belongs, and no password stays in *Hosts*. */
import assert from "node:assert/strict";
import type { Editor } from "./editor";
import { withEditor } from "./shared-editor";

const SECRET = "s3cr:t/w@rd";

/** What is typed, and the hosts, virtual host, user and password it means. */
const ADDRESSES = [
  ["amqp://me:s3cr%3At%2Fw%40rd@rabbit:5673/my%2Fvhost", "rabbit:5673", "my/vhost", "me", SECRET],
  ["amqps://me:s3cr:t/w@rd@rabbit/my%2Fvhost", "rabbit", "my/vhost", "me", SECRET],
  ["amqp://me:plain@rabbit1,rabbit2:5673/v", "rabbit1,rabbit2:5673", "v", "me", "plain"],
  ["amqp://me:plain@rabbit1/v, amqp://me:plain@rabbit2/v", "rabbit1, rabbit2", "v", "me", "plain"],
  ["me:plain@rabbit", "rabbit", "regards.multitenant.manager", "me", "plain"],
  ["amqp://me:plain@[::1]:5672/%2F?heartbeat=5", "[::1]:5672", "/", "me", "plain"],
  ["amqp://rabbit", "rabbit", "regards.multitenant.manager", "", ""],
  ["rabbit1, rabbit2", "rabbit1, rabbit2", "regards.multitenant.manager", "", ""],
] as const;

describe("an AMQP address in the broker's dialog", function () {
  this.timeout(60_000);
  let editor: Editor;

  for (const version of [5, 4] as const) {
    describe(`of Node-RED ${version}`, () => {
      withEditor(version, "en-US", (opened) => {
        editor = opened;
      });

      for (const [place, [typed, ...meant]] of ADDRESSES.entries()) {
        it(`${typed} is taken apart`, async () => {
          await editor.import([{ id: `b${place}`, type: "regards-broker" }]);
          await editor.open(`b${place}`, "regards-broker");

          await editor.fill("hosts", typed);

          const fields = ["hosts", "vhost", "user", "password"];
          const values = await Promise.all(fields.map((field) => editor.field(field).inputValue()));
          assert.deepEqual(values, meant);
          assert.equal(await editor.objection("hosts"), "");
        });
      }

      it("is taken apart as soon as it is pasted, and says where its parts are", async () => {
        await editor.import([{ id: "pasted", type: "regards-broker" }]);
        await editor.open("pasted", "regards-broker");
        const hint = editor.dialog.locator("#regards-taken");
        assert.equal(await hint.isVisible(), false);

        await editor.paste("hosts", `amqps://me:plain@rabbit/v`);

        await hint.waitFor();
        assert.match(String(await hint.textContent()), /asks for TLS: a TLS configuration is made/);
        assert.equal(await editor.field("hosts").inputValue(), "rabbit");
        await editor.done();
        const { properties } = await editor.state("pasted");
        assert.equal(await editor.typeOf(String(properties.tls)), "tls-config");
      });

      it("that asks for TLS chooses the TLS configuration that is there", async () => {
        await editor.import([
          { id: "trust", type: "tls-config", name: "our authority" },
          { id: "secure", type: "regards-broker" },
        ]);
        await editor.open("secure", "regards-broker");

        await editor.paste("hosts", `amqps://me:plain@rabbit:5671/v`);

        const hint = editor.dialog.locator("#regards-taken", { hasText: /“.+” is chosen under Security/ });
        await hint.waitFor();
        assert.equal(await editor.typeOf(await editor.field("tls").inputValue()), "tls-config");
      });

      it("of REGARDS' web side gives away its account too", async () => {
        await editor.import([{ id: "site", type: "regards-web", tenant: "project1" }]);
        await editor.open("site", "regards-web");

        await editor.fill("address", "https://me%40example.org:s3cr:t@regards.example.org/prefix");

        const fields = ["address", "user", "password"];
        const values = await Promise.all(fields.map((field) => editor.field(field).inputValue()));
        assert.deepEqual(values, ["https://regards.example.org/prefix", "me@example.org", "s3cr:t"]);
      });

      it("is taken apart too when Done comes before the field is left, and its password is stored as one", async () => {
        await editor.import([{ id: "hasty", type: "regards-broker" }]);
        await editor.open("hasty", "regards-broker");

        await editor.field("hosts").fill("amqp://me:plain@rabbit/v");
        await editor.confirm();

        const { properties, valid } = await editor.state("hasty");
        assert.deepEqual([properties.hosts, properties.vhost, valid], ["rabbit", "v", true]);
        assert.ok(!JSON.stringify(await editor.exported()).includes("plain"));
        await editor.open("hasty", "regards-broker");
        assert.equal(await editor.field("user").inputValue(), "me");
        assert.notEqual(await editor.field("password").inputValue(), "");
      });

      it("in an imported flow is not shown in a name, and is taken apart when its dialog opens", async () => {
        await editor.import([{ id: "old", type: "regards-broker", hosts: "amqp://me:plain@rabbit/v" }]);
        assert.equal(await editor.label("old"), "rabbit");
        assert.equal((await editor.state("old")).valid, false);

        await editor.open("old", "regards-broker");
        assert.equal(await editor.field("hosts").inputValue(), "rabbit");
        assert.equal(await editor.field("password").inputValue(), "plain");
      });
    });
  }
});
