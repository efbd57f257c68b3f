/** rs-worker-manager: takes worker requests, hands them to a worker, and tells every state on the way. */
import type { Events, WorkerSeen } from "./happenings";
import { Dropped, type Incoming, text } from "./intake";
import type { Publisher } from "./publisher";
import { HEADER } from "./wire";
import type { Work } from "./work";
import { SKIPPED_CONTENT_TYPES, WORKERS, type WorkerOutcome, type WorkerType } from "./worker-types";

/** What rs-worker-manager needs around it. */
export interface WorkerSurroundings {
  readonly publisher: Publisher;
  readonly events: Events;
  readonly work: Work;
}

interface Request extends Omit<WorkerSeen, "state"> {
  readonly session: string | undefined;
  readonly body: string;
}

const REQUIRED_HEADERS = [HEADER.owner, HEADER.session, HEADER.contentType];
/** Serialized workers answer `{}` when they have nothing to say. */
const EMPTY_CONTENT = Buffer.from("{}");

/** The worker service. */
export class Workers {
  readonly #around: WorkerSurroundings;
  readonly #known = new Set<string>();

  constructor(around: WorkerSurroundings) {
    this.#around = around;
  }

  /** Handles a worker request; throws `Dropped` without a request id. */
  request({ tenant, headers, text: body }: Incoming): void {
    checkHeaders(headers);
    const requestId = text(headers[HEADER.requestId]);
    if (requestId === undefined) throw new Dropped("no request id", `header ${HEADER.requestId}`);
    const request: Request = {
      tenant,
      requestId,
      owner: text(headers[HEADER.owner]),
      session: text(headers[HEADER.session]),
      contentType: text(headers[HEADER.contentType]),
      body,
    };
    const reasons = this.#reasonsToSkip(request, headers);
    this.#known.add(`${tenant}/${requestId}`);
    this.#around.work.run(async () => {
      await this.#around.work.step();
      if (reasons.length > 0) await this.#answer(request, "SKIPPED", reasons);
      else await this.#process(request);
    });
  }

  #reasonsToSkip(request: Request, headers: Incoming["headers"]): readonly string[] {
    // One that is empty counts as there.
    const missing = REQUIRED_HEADERS.filter((name) => (headers[name] ?? undefined) === undefined).map(
      (name) => `<${name}> property is missing from request message headers`,
    );
    if (missing.length > 0) return missing;
    if (this.#known.has(`${request.tenant}/${request.requestId}`)) {
      return [`Request is denied cause the given requestId ${request.requestId} already exists`];
    }
    if (!SKIPPED_CONTENT_TYPES.includes(request.contentType ?? "")) return [];
    const skipped = `Optional[${request.contentType}]`;
    return [
      `Content type <${skipped}> is configured to be automatically skipped on tenant <${request.tenant}>`,
    ];
  }

  async #process(request: Request): Promise<void> {
    const worker = WORKERS[request.contentType ?? ""];
    if (worker === undefined || worker.asleep === true)
      await this.#answer(request, "DELAYED", [delayed(request)]);
    if (worker === undefined) return;
    if (worker.asleep === true) await this.#around.work.step(2);
    for (let step = 0; step < (worker.steps ?? 1); step++) {
      await this.#answer(request, "GRANTED", ["Your request has been successfully registered."], worker.name);
      await this.#around.work.step();
    }
    await this.#conclude(request, worker, worker.work(request.body));
  }

  async #conclude(request: Request, worker: WorkerType, outcome: WorkerOutcome): Promise<void> {
    const by = `<${worker.name}>`;
    if ("invalid" in outcome) {
      const message = `Your request is not valid (invalidated by the matching worker ${by}). ${outcome.invalid}`;
      await this.#answer(request, "INVALID_CONTENT", [message], worker.name);
    } else if ("error" in outcome) {
      const message = `Error during processing your request in ${by} worker : Cause : ${outcome.error}.`;
      await this.#answer(request, "ERROR", [message], worker.name);
    } else {
      const message = `Your request has been successfully handled by the ${by} worker.`;
      await this.#answer(request, "SUCCESS", [message], worker.name, outcome.content ?? EMPTY_CONTENT);
    }
  }

  async #answer(
    { tenant, requestId, owner, session, contentType }: Request,
    state: WorkerSeen["state"],
    messages: readonly string[],
    workerName?: string,
    content?: Buffer,
  ): Promise<void> {
    const body = {
      state,
      messages,
      requestId,
      content: content?.toString("base64"),
      type: "EXTRACTION",
      requestOwner: owner,
    };
    // A header REGARDS has no value for travels as an AMQP void.
    const headers = {
      [HEADER.requestId]: requestId,
      [HEADER.owner]: owner ?? null,
      [HEADER.session]: session ?? null,
      [HEADER.contentType]: contentType ?? null,
      [HEADER.workerId]: workerName ?? null,
    };
    await this.#around.publisher.respond("worker", body, tenant, { headers });
    const happening = state === "GRANTED" || state === "DELAYED" ? "workerAnswered" : "workerResult";
    this.#around.events.emit(happening, { tenant, requestId, owner, contentType, state });
  }
}

/** Read through unchecked casts, and kept in columns of 255 characters: the exception takes the batch with it. */
function checkHeaders(headers: Incoming["headers"]): void {
  for (const name of [HEADER.requestId, ...REQUIRED_HEADERS]) {
    const value = headers[name] ?? "";
    if (typeof value !== "string" || value.length > 255) throw new Dropped("poison", `header ${name}`);
  }
}

function delayed({ contentType }: Request): string {
  return `Your request has been delayed as no worker is currently matching content type <${contentType}>.`;
}
