/**
 * Which specs run where. The unit tests need neither RabbitMQ nor Node-RED. What depends on how the broker
 * behaves runs on every version of RabbitMQ we support; everything else runs on one of them, the nodes on the newest.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

/** The versions we support; the first is the one for what runs once, the last the one for the nodes. */
export const RABBITMQ_VERSIONS = ["3.10", "4.0"];

const UNIT = "test/unit/";

/** Folders and files whose outcome depends on how RabbitMQ behaves. */
const OF_THE_BROKER = [
  "test/amqp/",
  "test/consume/",
  "test/diagnosis/",
  "test/faults/",
  "test/nodes/ack-out.",
  "test/nodes/dead-letters",
  "test/nodes/in-nodes.",
  "test/nodes/settlement.",
  "test/nodes/wire.",
];

/** What is about what ships, as a whole, and how fast it is. */
const OF_WHAT_SHIPS = ["test/bench/", "test/examples/", "test/package/"];

/** What follows the runs of messages. */
const OF_THE_RUNS = "test/completion/";

/** What a browser looks at, and of it what is looked at more than used. */
const OF_THE_EDITOR = "test/editor/";
const OF_ITS_LOOKS = ["dialogs.", "dialog-words.", "help.", "palette.", "status."].map(
  (name) => OF_THE_EDITOR + name,
);

/** What else the nodes do with the broker's answers. */
const OF_THE_NODES = "test/nodes/";

const isUnit = (file) => file.startsWith(UNIT);
const isOfTheBroker = (file) => OF_THE_BROKER.some((place) => file.startsWith(place));
const isOfTheEditor = (file) => file.startsWith(OF_THE_EDITOR);
const isOfItsLooks = (file) => OF_ITS_LOOKS.some((place) => file.startsWith(place));
const isOfWhatShips = (file) => OF_WHAT_SHIPS.some((place) => file.startsWith(place));
const isOfTheRuns = (file) => file.startsWith(OF_THE_RUNS);
const isOfTheNodes = (file) => file.startsWith(OF_THE_NODES) && !isOfTheBroker(file);

/** Every compiled spec, by lane, as paths from the root of the repository. */
export async function lanes() {
  const files = (await readdir(join(ROOT, "test"), { recursive: true }))
    .filter((file) => file.endsWith(".spec.js"))
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .sort();
  return {
    unit: files.filter(isUnit),
    broker: files.filter(isOfTheBroker),
    nodes: files.filter(isOfTheNodes),
    runs: files.filter(isOfTheRuns),
    ships: files.filter(isOfWhatShips),
    looks: files.filter(isOfItsLooks),
    editor: files.filter((file) => isOfTheEditor(file) && !isOfItsLooks(file)),
    other: files.filter(
      (file) =>
        ![isUnit, isOfTheBroker, isOfWhatShips, isOfTheRuns, isOfTheNodes, isOfTheEditor].some((is) =>
          is(file),
        ),
    ),
  };
}
