/** What the dialogs say, word for word, in a real browser: what is wrong, and what a field must not be without. */
import assert from "node:assert/strict";
import { EACH_ONCE, type Editor } from "./editor";
import { withEditor } from "./shared-editor";

const BROKER = { id: "broker", type: "regards-broker", hosts: "rabbit.example.org", tenant: "project1" };

/** Node-RED fills it in before a node sees it, so it is right in every field. */
const ENV = ["$", "{REGARDS_SETTING}"].join("");

/** The sentences that must be seen, word for word. */
const SENTENCES = {
  "en-US": {
    maxInFlight: "In progress, at most: a whole number from 1 to 65535",
    queue: "Queue name: name the queue the administrator made",
    attempts: "Attempts: a whole number from 1 to 1000",
    owner: "Owner: must not be empty",
    user: "User: must not be empty",
    session: "Session: must not be empty",
    contentType: "Content type: must not be empty",
    recipientLabel: "Recipient: the label of this recipient in REGARDS’ notifier",
    hosts: "Hosts: host or host:port, separated by commas",
    address: "Web address: an http:// or https:// address, without ?, # or @",
    heartbeat: "Heartbeat (s): a whole number from 0 to 65535",
    notWaitedFor: "Don’t wait for: node types, separated by commas",
    prefix: "Correlation id: must not be empty",
    correlation: /^Correlation id: not a regular expression \(/,
    unrecognised: "other / unreadable",
    ports: ["published", "refused"],
  },
  "fr-FR": {
    maxInFlight: "En cours, au plus : un nombre entier de 1 à 65535",
    queue: "Nom de la file : nommez la file créée par l’administrateur",
    attempts: "Tentatives : un nombre entier de 1 à 1000",
    owner: "Propriétaire : ne doit pas être vide",
    user: "Utilisateur : ne doit pas être vide",
    session: "Session : ne doit pas être vide",
    contentType: "Type de contenu : ne doit pas être vide",
    recipientLabel: "Destinataire : le libellé de ce destinataire dans le notifier de REGARDS",
    hosts: "Hôtes : hôte ou hôte:port, séparés par des virgules",
    address: "Adresse web : une adresse http:// ou https://, sans ?, # ni @",
    heartbeat: "Battement (s) : un nombre entier de 0 à 65535",
    notWaitedFor: "Ne pas attendre : types de nœuds, séparés par des virgules",
    prefix: "Id de corrélation : ne doit pas être vide",
    correlation: /^Id de corrélation : expression régulière incorrecte \(/,
    unrecognised: "autre / illisible",
    ports: ["publié", "refusé"],
  },
} as const;

describe("the words of a dialog", function () {
  this.timeout(60_000);

  for (const [version, locale] of EACH_ONCE) {
    describe(`of Node-RED ${version} in ${locale}`, () => {
      const sentences = SENTENCES[locale];
      let editor: Editor;

      withEditor(version, locale, (opened) => {
        editor = opened;
      });

      it("says what is wrong with the address of the web node", async () => {
        await editor.import([{ id: "web-side", type: "regards-web", tenant: "project1" }]);
        await editor.open("web-side", "regards-web");

        await editor.fill("address", "ftp://regards.example.org");
        assert.equal(await editor.objection("address"), sentences.address);
        await editor.fill("address", "https://regards.example.org/prefix");
        await editor.done();

        const { valid, properties } = await editor.state("web-side");
        assert.equal(valid, true);
        assert.equal(properties.login, "body");
      });

      it("says in a sentence what is wrong with the broker's settings, and stops when it is mended", async () => {
        await editor.import([{ id: "wrong", type: "regards-broker" }]);
        await editor.open("wrong", "regards-broker");
        assert.equal(await editor.objection("hosts"), sentences.hosts);

        await editor.fill("hosts", "rabbit:99999");
        assert.equal(await editor.objection("hosts"), sentences.hosts);
        await editor.fill("hosts", "rabbit, [::1]:5671, 10.0.0.1:5672");
        assert.equal(await editor.objection("hosts"), "");

        await editor.showTab(2);
        await editor.dialog.locator("summary").first().click();
        await editor.fill("heartbeat", "often");
        assert.equal(await editor.objection("heartbeat"), sentences.heartbeat);
        await editor.fill("heartbeat", ENV);
        assert.equal(await editor.objection("heartbeat"), "");

        await editor.fill("address", "ftp://regards");
        assert.equal(await editor.objection("address"), sentences.address);
        await editor.fill("address", "https://regards.example.org/prefix");
        assert.equal(await editor.objection("address"), "");

        await editor.done();
        assert.equal((await editor.state("wrong")).valid, true);
      });

      it("says in a sentence what is wrong with an in-node, in its list of errors too", async () => {
        const node = { id: "bad", type: "regards-order-in", broker: "broker", x: 300, y: 100, wires: [] };
        await editor.import([BROKER, { ...node, maxInFlight: 0, queueMode: "existing" }]);
        assert.deepEqual((await editor.state("bad")).errors, [sentences.queue, sentences.maxInFlight]);

        await editor.open("bad");
        assert.equal(await editor.objection("maxInFlight"), sentences.maxInFlight);
        assert.equal(await editor.objection("queue"), sentences.queue);

        await editor.fill("maxInFlight", "65535");
        await editor.fill("queue", "regards.orders.for.me");
        await editor
          .field("attempts")
          .evaluate((field) => field.closest("details")?.setAttribute("open", ""));
        await editor.fill("attempts", "0");
        assert.equal(await editor.objection("attempts"), sentences.attempts);
        await editor.fill("attempts", ENV);
        assert.equal(await editor.objection("attempts"), "");

        await editor
          .field("notWaitedFor")
          .evaluate((field) => field.closest("details")?.setAttribute("open", ""));
        await editor.fill("notWaitedFor", "cronplus, [uibuilder]");
        assert.equal(await editor.objection("notWaitedFor"), sentences.notWaitedFor);
        await editor.fill("notWaitedFor", "cronplus, ,uibuilder");
        assert.equal(await editor.objection("notWaitedFor"), sentences.notWaitedFor);
        await editor.fill("notWaitedFor", "cronplus,http request , @scope/ui-x");
        assert.equal(await editor.objection("notWaitedFor"), "");

        await editor.chooseType("correlation", 2);
        await editor.fill("correlation", "x");
        await editor.fill("correlation", " ");
        assert.equal(await editor.objection("correlation"), sentences.prefix);
        assert.equal(await editor.dialog.locator(".regards-row-regex").isVisible(), false);
        await editor.chooseType("correlation", 3);
        assert.match((await editor.text(".regards-row-regex")).replace(/\D/g, ""), /1024/);
        assert.equal(await editor.dialog.locator(".regards-row-regex").isVisible(), true);
        await editor.fill("correlation", "(");
        assert.match(await editor.objection("correlation"), sentences.correlation);
        await editor.fill("correlation", "^mine-");
        assert.equal(await editor.objection("correlation"), "");

        await editor.done();
        const { valid, properties } = await editor.state("bad");
        assert.equal(valid, true);
        assert.deepEqual([properties.correlationType, properties.correlation], ["regex", "^mine-"]);
      });

      it("takes a flow with nothing but broker and wires, and shows and stores the defaults", async () => {
        const node = { id: "sparse", type: "regards-worker-in", broker: "b5", x: 600, y: 100, wires: [] };
        await editor.import([{ ...BROKER, id: "b5" }, node]);
        assert.deepEqual((await editor.state("sparse")).errors, []);

        await editor.open("sparse");
        assert.equal(await editor.field("maxInFlight").inputValue(), "10");
        await editor.done();

        const { name: _name, broker: _broker, ...properties } = (await editor.state("sparse")).properties;
        const stored = Object.entries(properties).map(([property, value]) => [property, String(value ?? "")]);
        assert.deepEqual(Object.fromEntries(stored), {
          queueMode: "own",
          queue: "",
          queueType: "quorum",
          correlation: "",
          correlationType: "any",
          owner: "",
          contentType: "",
          maxInFlight: "10",
          settle: "finished",
          attempts: "3",
          retryDelay: "30",
          deadline: "25",
          notWaitedFor: "",
          sample: "",
          inputs: "0",
        });
      });

      it("asks ack-out for a recipient, and names the exchanges it may publish to", async () => {
        const node = { id: "ack", type: "regards-ack-out", broker: "b6", x: 600, y: 300, wires: [] };
        await editor.import([{ ...BROKER, id: "b6" }, node]);
        await editor.open("ack");
        await editor.fill("recipientLabel", "x");
        await editor.fill("recipientLabel", "");
        assert.equal(await editor.objection("recipientLabel"), sentences.recipientLabel);
        await editor.fill("recipientLabel", "external-system-1");
        assert.equal(await editor.objection("recipientLabel"), "");

        await editor.unfold("regards-amqp");
        await editor.field("target").selectOption("fem");
        assert.equal(await editor.page.locator("#regards-ingest").isVisible(), false);
        assert.match(await editor.text("#regards-fem"), /feature\.dto\.event\.in\.Diss/);

        await editor.done();
        assert.equal((await editor.state("ack")).valid, true);
      });

      it("asks worker-out for what REGARDS skips a request without, and names the exchange", async () => {
        const node = { id: "work", type: "regards-worker-out", broker: "b7", x: 600, y: 400, wires: [] };
        await editor.import([{ ...BROKER, id: "b7", namespace: "spaces" }, node]);
        await editor.open("work");
        for (const property of ["contentType", "owner", "session"]) {
          await editor.fill(property, "x");
          await editor.fill(property, "");
          assert.equal(await editor.objection(property), sentences[property as "owner"]);
          await editor.fill(property, "something");
          assert.equal(await editor.objection(property), "");
        }
        assert.match(await editor.text(".regards-wire"), /spaces\.broadcast\.fr\.cnes\..*\.in\.RequestEvent/);

        await editor.done();
        assert.equal((await editor.state("work")).valid, true);
      });

      it("asks order-out for a user where REGARDS needs one, and names the exchange of what it is set to do", async () => {
        const node = { id: "buy", type: "regards-order-out", broker: "b8", x: 600, y: 600, wires: [] };
        await editor.import([{ ...BROKER, id: "b8" }, node]);
        await editor.open("buy");
        await editor.fill("user", "x");
        await editor.fill("user", "");
        assert.equal(await editor.objection("user"), sentences.user);
        await editor.unfold("regards-amqp");
        const visible = editor.page.locator(".regards-wire dd.regards-code:visible");
        assert.match(
          (await visible.allTextContents()).join(),
          /^regards\.broadcast\..*\.OrderRequestDtoEvent$/,
        );

        await editor.field("action").selectOption("cancel");
        assert.match(
          (await visible.allTextContents()).join(),
          /^regards\.broadcast\..*\.OrderCancelRequestDtoEvent$/,
        );
        assert.equal(await editor.field("ask").isVisible(), false);

        await editor.done();
        assert.equal((await editor.state("buy")).valid, true);
      });

      it("names the outputs, the statuses as REGARDS spells them", async () => {
        assert.deepEqual(await editor.outputLabels("sparse"), [
          ...["GRANTED", "DELAYED", "SUCCESS", "INVALID_CONTENT", "ERROR", "SKIPPED"],
          sentences.unrecognised,
        ]);
        assert.deepEqual(await editor.outputLabels("ack"), sentences.ports);
      });
    });
  }
});
