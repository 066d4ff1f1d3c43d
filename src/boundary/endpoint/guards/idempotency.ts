import type { Alarm } from "../../../core/clock.js";
import { ConfigError } from "../../../core/config.js";
import { KeelsonError } from "../../../core/errors.js";
import { fingerprint } from "../../../primitives/idempotency/fingerprint.js";
import type { Begun, Idempotency, LargeResponse, StoredResponse } from "../../../primitives/idempotency/idempotency.js";
import { classify } from "../../classify.js";
import { problemOf } from "../answer.js";
import { type ActiveCall, principalId } from "../call.js";
import { idempotencyKey, wrongKey } from "../idempotency-key.js";
import type { Outgoing } from "../incoming.js";
import type { IdempotencyUse } from "../parts.js";
import { answerAgain, recordOf, type WholeAnswer } from "../record.js";
import type { Serve } from "../stage.js";
import { capturedStream } from "../streams.js";

/** What {@link idempotentStage} goes by. */
export interface PlannedIdempotency {
  readonly use: IdempotencyUse<ActiveCall>;
  /** Method and path, as they were declared. */
  readonly route: string;
  readonly where: string;
}

type Permit = Extract<Begun, { outcome: "first" }>["permit"];

/** Carries a call out once: another with the same key gets the same answer. */
export function idempotentStage(stage: Serve, planned: PlannedIdempotency): Serve {
  return (call) => {
    const guard = call.place.use(planned.use.guard as never) as Idempotency;
    const key = idempotencyKey(call.incoming.header("idempotency-key"), guard.maxKeyLength);
    if (key !== undefined) return begin(call, guard, key, planned, stage);
    if (planned.use.required === true) throw wrongKey("Missing");
    call.stage++;
    return stage(call);
  };
}

async function begin(
  call: ActiveCall,
  guard: Idempotency,
  key: string,
  planned: PlannedIdempotency,
  stage: Serve,
): Promise<Outgoing> {
  const { incoming, rawBody } = call;
  const scope = JSON.stringify([call.tenant ?? null, ownerOf(call, planned), planned.route, key]);
  const print = await fingerprint({
    method: incoming.method,
    path: incoming.fullPath,
    query: incoming.rawQuery,
    contentType: incoming.header("content-type"),
    body: rawBody ?? new Uint8Array(),
  });
  const begun = await guard.begin(scope, print);
  if (begun.outcome !== "first") return repeated(begun);
  call.resumed = begun.resumed;
  call.stage++;
  return new CarriedOut(call, guard, begun.permit, planned.use.onFailure ?? "keep").run(stage);
}

/** Whose key it is: nobody may get another's answer by guessing a key. */
function ownerOf(call: ActiveCall, { use, where }: PlannedIdempotency): string {
  if (use.by !== undefined) return use.by(call);
  if (call.principal === null) return `client ${call.client}`;
  const id = principalId(call.principal);
  if (id !== undefined) return `principal ${id}`;
  throw new ConfigError(`${where}.by`, undefined, "a function that says whose key it is, as the principal has no id");
}

/** What a request is told whose key is known. */
function repeated(begun: Exclude<Begun, { outcome: "first" }>): Outgoing {
  switch (begun.outcome) {
    case "replay":
      return answerAgain(begun.record);
    case "in_flight":
      throw new KeelsonError("conflict", "In flight", {
        detail: "The request with this key is still being carried out",
        retryAfterMs: begun.retryAfterMs,
      });
    case "mismatch":
      throw new KeelsonError("idempotency_mismatch");
    case "unknown":
      throw new KeelsonError("conflict", "Outcome unknown", {
        detail: "Whether the request with this key was carried out is not known",
      });
    case "failed":
      // Carrying it out without a record could be carrying it out twice.
      throw new KeelsonError("unavailable", "The store of idempotency keys failed", { cause: begun.failure.error });
  }
}

/** One call that is carried out under a permit, which is renewed meanwhile, and how it ends. */
class CarriedOut {
  private alarm: Alarm | undefined = undefined;

  constructor(
    private readonly call: ActiveCall,
    private readonly guard: Idempotency,
    private readonly permit: Permit,
    private readonly onFailure: "keep" | "forget",
  ) {}

  async run(stage: Serve): Promise<Outgoing> {
    this.renewLater();
    let answer: Outgoing;
    try {
      answer = await stage(this.call);
    } catch (thrown) {
      await this.failed(thrown);
      throw thrown;
    }
    const { body } = answer;
    if (body instanceof ReadableStream) return { ...answer, body: this.streamed(answer, body) };
    await this.answered(answer.status, recordOf({ ...answer, body }));
    return answer;
  }

  /** Keeps the answer, unless it says to come back later: then nothing was done. */
  private answered(status: number, record: StoredResponse | LargeResponse): Promise<unknown> {
    this.stop();
    const { guard, permit } = this;
    return status === 429 || status === 503 ? guard.release(permit) : guard.complete(permit, record);
  }

  /**
   * A refusal means that nothing was done, and frees the key. Any other failure may have come after something was done:
   * it is kept, so that the same request is not carried out twice.
   */
  private async failed(thrown: unknown): Promise<void> {
    this.stop();
    const { call, guard, permit } = this;
    // Stopped in the middle: the lease runs out, and then the guard's own policy says what that means.
    if (call.incoming.aborted || call.timedOut) return;
    const error = classify(thrown);
    if (error.status < 500 || error.status === 503 || this.onFailure === "forget") await guard.release(permit);
    else {
      const problem = problemOf(error, { traceId: call.traceId, challenge: call.plan.challenge });
      await guard.complete(permit, recordOf(problem as WholeAnswer));
    }
  }

  /** Passes a stream on, and keeps what passed when it has ended. What breaks off is left to the lease. */
  private streamed(answer: Outgoing, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return capturedStream(body, this.guard.maxBytes, async (captured) => {
      const { status } = answer;
      if (captured === undefined) this.stop();
      else if ("whole" in captured) await this.answered(status, recordOf({ ...answer, body: captured.whole }));
      else await this.answered(status, { kind: "digest", status, bytes: captured.bytes });
    });
  }

  private renewLater(): void {
    const { clock } = this.call.plan.rt;
    this.alarm = clock.alarm(this.guard.leaseMs / 3, () => void this.renew(), "background");
  }

  private async renew(): Promise<void> {
    if ((await this.guard.renew(this.permit)) === "lost" || this.alarm === undefined) return;
    this.renewLater();
  }

  private stop(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
  }
}
