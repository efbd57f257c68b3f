/** Trying things out in a real browser: Test connection, and sample events by a press of the node's button. */
import assert from "node:assert/strict";
import amqplib from "amqplib";
import { REQUEST_KINDS } from "../../src/regards/requests";
import { sampleNames } from "../../src/regards/samples";
import { outputNames, outputOf, services } from "../../src/regards/services";
import { type Stage, setStage } from "../simulator/stage";
import { notificationExchange } from "../simulator/wire";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { EACH_ONCE, type Editor } from "./editor";
import { withEditor } from "./shared-editor";

/** The sentences that must be seen, word for word. */
const SENTENCES = {
  "en-US": {
    all: "Connected. This account may receive and send everything.",
    failed: "No connection: login refused.",
    login: "login refused→ Check user and password. RabbitMQ lets guest in from its own machine only.",
    vhost: "vhost unknown or forbidden→ Check the name, and ask for permissions of this user on it.",
    down: "connection refused→ Nothing listens there: check the port, 5672 or 5671 with TLS.",
    refused: "You are not allowed to do this here: it takes the right to change flows.",
    there: "acknowledgements to rs-ingest (DisseminationAckEvent): may be sent",
    cancelled: "cancelled orders",
    forbidden:
      "no permission→ Ask for write on regards.broadcast.fr.cnes.regards.modules.order.amqp.input.OrderCancelRequestDtoEvent.",
    missing: "queue not found→ Ask the administrator to make it; the node will wait for it.",
    undeployed: "Deploy this node first.",
    subflow: "Adds a button to the node, which Node-RED disables in a subflow: try it in a flow.",
    disabled: "within subflow",
    unwired: "The sample left by an output that is not wired.",
    shape: "FAILED: some files to fetch",
  },
  "fr-FR": {
    all: "Connecté. Ce compte peut tout recevoir et tout envoyer.",
    failed: "Pas de connexion : identifiants refusés.",
    login:
      "identifiants refusés→ Vérifiez utilisateur et mot de passe. RabbitMQ n’admet guest que depuis sa propre machine.",
    vhost:
      "vhost inconnu ou interdit→ Vérifiez le nom, et demandez des permissions sur lui pour cet utilisateur.",
    down: "connexion refusée→ Rien n’écoute là\u00a0: vérifiez le port, 5672 ou 5671 avec TLS.",
    refused: "Vous n’y êtes pas autorisé\u00a0: il faut le droit de modifier les flux.",
    there: "acquittements à rs-ingest (DisseminationAckEvent): envoi permis",
    cancelled: "annulations de commandes",
    forbidden:
      "droits insuffisants→ Demandez write sur regards.broadcast.fr.cnes.regards.modules.order.amqp.input.OrderCancelRequestDtoEvent.",
    missing: "file introuvable→ Demandez à l’administrateur de la créer\u00a0; le nœud l’attendra.",
    undeployed: "Déployez d’abord ce nœud.",
    subflow:
      "Ajoute un bouton au nœud, que Node-RED désactive dans un sous-flux\u00a0: essayez dans un flux.",
    disabled: "sous-flux",
    unwired: "L’exemple est parti par une sortie qui n’est pas reliée.",
    shape: "FAILED: une partie à retirer",
  },
} as const;

describe("trying things out in the editor", function () {
  this.timeout(60_000);
  let stage: Stage;

  before("start RabbitMQ", async function () {
    this.timeout(300_000);
    needsPrivateBroker(this);
    stage = await setStage();
    // REGARDS makes it with its first dissemination.
    const connection = await amqplib.connect(stage.vhost.url);
    const channel = await connection.createChannel();
    await channel.assertExchange(notificationExchange("regards"), "fanout", { durable: true });
    await connection.close();
  });

  after(async () => {
    await stage?.strike();
  });

  for (const [version, locale] of EACH_ONCE) {
    describe(`of Node-RED ${version} in ${locale}`, () => {
      const sentences = SENTENCES[locale];
      let editor: Editor;

      withEditor(version, locale, (opened) => {
        editor = opened;
      });

      it("tests the connection as the dialog stands, unsaved, and says what to do about each fault", async () => {
        const { host, port, user, password, vhost } = stage.vhost;
        await editor.import([{ id: "b", type: "regards-broker" }]);
        await editor.open("b", "regards-broker");
        await editor.fill("hosts", `${host}:${port}`);
        await editor.fill("user", user);
        await editor.fill("password", password);
        await editor.showTab(2);
        await editor.fill("vhost", vhost);

        const right = await editor.tryConnection();
        const exchanges = [
          ...services.filter(({ exchange }) => exchange === "of its class"),
          ...REQUEST_KINDS.flatMap(({ eventClasses }) => eventClasses),
        ];
        // Before them: the verdict, the host, the user and the virtual host.
        assert.equal(right.length, 4 + exchanges.length, right.join("\n"));
        assert.equal(right[0], `✓ ${sentences.all}`);
        assert.ok(right.includes(`✓ ${sentences.there}`), right.join("\n"));
        assert.ok(right.every((line) => line.startsWith("✓")));

        await editor.fill("vhost", "nowhere");
        assert.equal((await editor.tryConnection()).at(-1), `✗ nowhere: ${sentences.vhost}`);

        await editor.showTab(0);
        await editor.fill("password", "wrong");
        const wrong = await editor.tryConnection();
        assert.deepEqual(
          [wrong[0], wrong.at(-1)],
          [`✗ ${sentences.failed}`, `✗ ${user}: ${sentences.login}`],
        );

        await editor.fill("hosts", "127.0.0.1:1");
        assert.equal((await editor.tryConnection()).at(-1), `✗ 127.0.0.1:1: ${sentences.down}`);
      });

      it("says so to somebody who may not", async () => {
        await editor.page.route("**/regards-broker/*/test", (route) => route.fulfill({ status: 401 }));
        await editor.import([{ id: "b1", type: "regards-broker", hosts: "rabbit" }]);
        await editor.open("b1", "regards-broker");
        assert.deepEqual(await editor.tryConnection(), [`✗ ${sentences.refused}`]);
        await editor.page.unroute("**/regards-broker/*/test");
        // The browser itself complains of every such answer.
        assert.match(editor.complaints.splice(0).join(), /^[^,]*401[^,]*$/);
      });

      it("looks at an existing queue from an in-node's dialog", async () => {
        const { host, port, user, password, vhost } = stage.vhost;
        const credentials = { user, password };
        await editor.import([
          { id: "b2", type: "regards-broker", hosts: `${host}:${port}`, vhost, credentials },
          {
            id: "q",
            type: "regards-order-in",
            broker: "b2",
            queueMode: "existing",
            x: 300,
            y: 100,
            wires: [],
          },
        ]);
        await editor.open("q");
        await editor.fill("queue", "not.there");
        await editor.unfold("regards-amqp");
        const lines = await editor.tryConnection("#regards-check");
        assert.equal(lines.at(-1), `✗ not.there: ${sentences.missing}`);
      });

      it("looks at what an out-node needs from its dialog, as that stands: the exchange it writes to", async () => {
        const { host, port, user, password, vhost, broker } = stage.vhost;
        const credentials = { user, password };
        const place = { broker: "b5", user: "me", owner: "me", session: "s", contentType: "c", wires: [] };
        const types = REQUEST_KINDS.map(({ name }) => `regards-${name}-out`);
        await editor.import([
          { id: "b5", type: "regards-broker", hosts: `${host}:${port}`, vhost, credentials },
          ...types.map((type, row) => ({ ...place, id: `out${row}`, type, x: 300, y: 100 + 60 * row })),
        ]);
        for (const [row, { eventClasses, choices }] of REQUEST_KINDS.entries()) {
          await editor.open(`out${row}`);
          const lines = await editor.tryConnection("#regards-out-test");
          const count = choices.action === undefined ? eventClasses.length : 1;
          assert.equal(lines.length, 4 + count, lines.join("\n"));
          assert.ok(lines.every((line) => line.startsWith("✓")));
          await editor.cancel();
        }
        await editor.open("out0");
        await editor.field("action").selectOption("cancel");
        await broker.console.setPermissions(user, vhost, { configure: "", write: "", read: ".*" });
        const lines = await editor.tryConnection("#regards-out-test");
        await broker.console.setPermissions(user, vhost);
        assert.equal(lines.length, 5, lines.join("\n"));
        assert.equal(
          lines.at(-1),
          `✗ ${sentences.cancelled} (OrderCancelRequestDtoEvent): ${sentences.forbidden}`,
        );
      });

      it("looks at the exchange that a dissemination node is to read, where it reads that itself", async () => {
        const { host, port, user, password, vhost } = stage.vhost;
        const credentials = { user, password };
        const place = {
          broker: "b6",
          exchange: notificationExchange("regards"),
          x: 500,
          y: 100,
          wires: [],
        };
        await editor.import([
          { id: "b6", type: "regards-broker", hosts: `${host}:${port}`, vhost, credentials },
          { ...place, id: "products", type: "regards-dissemination-in" },
        ]);
        await editor.open("products");
        const lines = await editor.tryConnection("#regards-exchange-test");
        assert.equal(lines.length, 5, lines.join("\n"));
        assert.match(lines.at(-1) ?? "", /^✓ .+ \(regards\.notifications\): /);

        await editor.field("queueMode").selectOption("existing");
        assert.equal(await editor.dialog.locator("#regards-exchange-test").isVisible(), false);
      });

      it("offers a sample for every status, and sends it when the node's button is pressed", async () => {
        await editor.import([
          { id: "b3", type: "regards-broker", hosts: "127.0.0.1:1" },
          {
            id: "alone",
            type: "regards-order-in",
            broker: "b3",
            sample: "DONE",
            x: 300,
            y: 100,
            wires: [],
          },
          ...services.flatMap((service, place) => {
            const { name } = service;
            const outputs = [...outputNames(service), "unrecognised"];
            return [
              {
                ...{ id: name, type: `regards-${name}-in`, broker: "b3", x: 300, y: 200 + 200 * place },
                ...{ wires: outputs.map((output) => [`${name}-${output}`]) },
              },
              ...outputs.map((output, row) => ({
                ...{ id: `${name}-${output}`, type: "debug", name: `${name}-${output}`, tosidebar: true },
                ...{ active: true, complete: "regards.sample", targetType: "msg", statusVal: "" },
                ...{ x: 600, y: 200 + 200 * place + 30 * row, wires: [] },
              })),
            ];
          }),
        ]);
        assert.equal(await editor.button("order").isVisible(), false);
        await editor.open("order");
        await editor.field("sample").selectOption({ label: sentences.shape });
        await editor.done();
        assert.equal((await editor.state("order")).properties.sample, "FAILED partial");
        await editor.button("order").click();
        await editor.untilNotified(sentences.undeployed);
        assert.match(editor.complaints.splice(0).join(), /404/);
        await editor.deploy();

        for (const service of services) {
          for (const name of sampleNames(service)) {
            const [status = ""] = name.split(" ");
            const output = outputNames(service)[outputOf(service, status)] ?? "unrecognised";
            await editor.choose(service.name, "sample", name);
            await editor.button(service.name).click();
            assert.equal(await editor.untilDebugged(`${service.name}-${output}`), "true");
          }
        }

        await editor.button("alone").click();
        await editor.untilNotified(sentences.unwired);
      });

      it("says that the button does nothing in a subflow, beforehand and when it is pressed", async () => {
        await editor.import([
          { id: "b4", type: "regards-broker", hosts: "127.0.0.1:1" },
          { id: "sub", type: "subflow", name: "orders", in: [], out: [] },
          {
            ...{ id: "drawn", type: "regards-order-in", z: "sub", broker: "b4", sample: "DONE" },
            ...{ x: 300, y: 100, wires: [] },
          },
        ]);
        await editor.openSelected("drawn");
        assert.equal(await editor.text("#regards-sample-tip"), sentences.subflow);
        await editor.cancel();

        await editor.show("sub");
        await editor.button("drawn").click();
        await editor.untilNotified(sentences.disabled);
        await editor.showFirstTab();
      });

      it("says so when a flow was imported without its broker node", async () => {
        const node = {
          id: "lost",
          type: "regards-order-in",
          broker: "elsewhere",
          x: 600,
          y: 900,
          wires: [],
        };
        await editor.import([node]);
        const { valid, errors } = await editor.state("lost");
        assert.equal(valid, false);
        assert.match(errors.join(), /^Broker/);
      });
    });
  }
});
