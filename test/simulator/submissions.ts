/** rs-lta-manager: takes product submissions, has them archived, and tells the outcome. */
import { offsetDateTime } from "./gson";
import type { Events, SubmissionSeen } from "./happenings";
import { Dropped, type Incoming, text } from "./intake";
import type { Publisher } from "./publisher";
import { ingestError, readSubmission, type SubmissionRequest } from "./submission-request";
import { HEADER } from "./wire";
import type { Work } from "./work";

/** What rs-lta-manager needs around it. */
export interface SubmissionSurroundings {
  readonly publisher: Publisher;
  readonly events: Events;
  readonly work: Work;
  readonly datatypes: readonly string[];
}

const ONE_DAY_MS = 24 * 3600 * 1000;
/** Microseconds beyond the millisecond, so that dates come with 6, 3 and fewer digits in turn. */
const MICROSECONDS = [578, 0, 200, 40];

/** The submission service. */
export class Submissions {
  readonly #around: SubmissionSurroundings;
  readonly #known = new Set<string>();

  constructor(around: SubmissionSurroundings) {
    this.#around = around;
  }

  /** Handles a submission request; throws `Dropped` where REGARDS 2.0 stays silent. */
  request({ tenant, headers, body }: Incoming): void {
    const given = headers[HEADER.owner] ?? "";
    // The column holds no more, and REGARDS casts the header without a look.
    if (typeof given !== "string" || given.length > 128)
      throw new Dropped("poison", `header ${HEADER.owner}`);
    const request = readSubmission(body);
    const owner = text(given);
    const message = this.#refusal(tenant, owner, request);
    this.#known.add(`${tenant}/${request.correlationId}`);
    this.#around.work.run(async () => {
      await this.#around.work.step();
      if (message !== undefined || owner === undefined) await this.#deny(tenant, request, message);
      else await this.#archive(tenant, owner, request);
    });
  }

  #refusal(tenant: string, owner: string | undefined, request: SubmissionRequest): string | undefined {
    const { correlationId, datatype } = request;
    if (owner === undefined) return `The header "${HEADER.owner}" is missing.`;
    if (this.#known.has(`${tenant}/${correlationId}`)) return `The id "${correlationId}" already exists.`;
    if (this.#around.datatypes.includes(datatype)) return undefined;
    return (
      `The datatype "${datatype}" was not found in the datatypes configuration.\n` +
      "Please make sure the datatype corresponds to an existing configuration.\n"
    );
  }

  async #deny(tenant: string, request: SubmissionRequest, message: string | undefined): Promise<void> {
    const { correlationId, productId, session } = request;
    const body = { correlationId, responseStatus: "DENIED", productId, session, message };
    await this.#around.publisher.respond("submission", body, tenant);
    this.#around.events.emit("submissionDenied", { tenant, correlationId, productId, message });
  }

  async #archive(tenant: string, owner: string, request: SubmissionRequest): Promise<void> {
    const { correlationId, productId } = request;
    const now = new Date();
    const lasting = {
      productId,
      expires: offsetDateTime(new Date(now.getTime() + ONE_DAY_MS), this.#microseconds()),
      session:
        request.session ?? `${owner.split("@")[0]}-${now.toISOString().slice(0, 10).replaceAll("-", "")}`,
    };
    const seen: SubmissionSeen = { tenant, correlationId, productId, message: undefined };
    await this.#respond(tenant, { correlationId, responseStatus: "GRANTED", ...lasting });
    this.#around.events.emit("submissionGranted", seen);
    await this.#around.work.step(2);
    const message = ingestError(request.urls);
    const responseStatus = message === undefined ? "SUCCESS" : "ERROR";
    await this.#respond(tenant, { correlationId, responseStatus, ...lasting, message });
    const happening = message === undefined ? "submissionArchived" : "submissionFailed";
    this.#around.events.emit(happening, { ...seen, message });
  }

  #respond(tenant: string, body: object): Promise<void> {
    return this.#around.publisher.respond("submission", body, tenant);
  }

  #microseconds(): number {
    return MICROSECONDS[this.#known.size % MICROSECONDS.length] ?? 0;
  }
}
