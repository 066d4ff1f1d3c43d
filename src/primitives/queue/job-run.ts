import type { Use } from "../../core/binding.js";
import type { Alarm } from "../../core/clock.js";
import type { Context } from "../../core/context.js";
import type { Deadlines, Expirable } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import type { ClaimedJob, Finish } from "../../core/jobs.js";
import { type SpanRef, spanIdFrom } from "../../core/trace-ids.js";
import { validate } from "../../core/validation.js";
import { discard } from "../retry/discard.js";
import { isThenable, promised } from "../timeout/pending-call.js";
import type { QueueCore } from "./core.js";
import { type Envelope, open } from "./envelope.js";
import { failureText } from "./errors.js";
import type { JobCall } from "./job.js";
import type { ToolConfig } from "./options.js";
import { failed, resultText } from "./outcome.js";
import { tellStarted } from "./telling.js";
import type { Handler, Tool } from "./tool.js";

/** Whoever runs jobs. */
export interface RunOwner {
  readonly core: QueueCore;
  /** A run is over: its end, where it has one, is to be told to the store. */
  ended(run: JobRun): void;
  /** A job is of a version that is not known here: others may know it. */
  newer(run: JobRun): void;
  /** The time-outs of a kind of job. */
  timeouts(tool: Tool, ms: number): Deadlines;
}

const NOTHING: Envelope = { v: 0 };

/** One attempt at a job, and what its handler gets as `call`. Its fields are no part of the public interface. */
export class JobRun implements Expirable, JobCall<unknown> {
  // Of Expirable: the run's time-out.
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  /** How it ended; `undefined` while it hasn't, and where nobody wants to know. */
  end: Finish | undefined = undefined;
  /** Whether its slot is free again. */
  over = false;
  /** The lease is somebody else's. */
  lost = false;
  /** Its worker no longer waits for it. */
  stopped = false;
  cancelled = false;
  /** Whether its end may have reached the store already. */
  resent = false;
  /** When it began, monotonic. */
  begunAt = 0;
  durationMs = 0;
  /** What went wrong, for events. */
  error: unknown = undefined;
  private envelope = NOTHING;
  private controller: AbortController | undefined = undefined;
  private aborted = false;
  private reason: unknown = undefined;
  private list: Deadlines | undefined = undefined;
  private alarm: Alarm | undefined = undefined;
  private contextMade: Context | undefined = undefined;

  constructor(
    readonly owner: RunOwner,
    readonly claimed: ClaimedJob,
    readonly kind: Tool,
    readonly settings: ToolConfig,
    /** When the lease that it has was asked for, monotonic. */
    public leasedAt: number,
    /** When nobody wants its result any more, monotonic; Infinity: never. */
    readonly until: number,
  ) {}

  get id(): string {
    return this.claimed.id;
  }

  get tool(): string {
    return this.claimed.tool;
  }

  get attempt(): number {
    return this.claimed.attempt;
  }

  get attempts(): number {
    return this.claimed.attempts;
  }

  get ctx(): unknown {
    return this.owner.core.place.ctx;
  }

  get use(): Use<"act"> {
    return this.owner.core.place.use as Use<"act">;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get context(): Context {
    if (this.contextMade !== undefined) return this.contextMade;
    const { trace, tenant, principal, priority } = this.envelope;
    const { id, fence, attempt } = this.claimed;
    const { timeoutMs } = this.settings;
    const deadline = timeoutMs === 0 ? this.until : Math.min(this.until, this.begunAt + timeoutMs);
    const signal = () => this.signal;
    // A plain object, so that it can be spread; only its signal is made late.
    this.contextMade = {
      ...(trace !== undefined && { traceId: trace }),
      spanId: spanIdFrom(`${this.owner.core.name} ${this.tool} ${id} ${attempt} ${fence}`),
      ...(tenant !== undefined && { tenant }),
      ...(principal !== undefined && { principal }),
      ...(priority !== undefined && { priority }),
      ...(deadline !== Infinity && { deadline }),
      get signal() {
        return signal();
      },
    };
    return this.contextMade;
  }

  /** The span that it was enqueued in, where that is known. */
  get producer(): SpanRef | undefined {
    const { trace, span } = this.envelope;
    return trace === undefined || span === undefined ? undefined : { traceId: trace, spanId: span };
  }

  /** Reads the envelope, checks the input and calls the handler. */
  begin(handler: Handler, waitMs: number, now: number): void {
    this.begunAt = now;
    const envelope = open(this.claimed.payload);
    if (envelope === "newer") {
      this.owner.newer(this);
      return;
    }
    if (envelope !== "unreadable") this.envelope = envelope;
    tellStarted(this.owner.core, this, waitMs);
    if (envelope === "unreadable") {
      this.fail(new KeelsonError("validation", `${this.tool}: the envelope can't be read`));
      return;
    }
    this.arm();
    try {
      const input = validate(this.kind.options.input, envelope.input, "args");
      if (input instanceof Promise) input.then((checked) => this.call(handler, checked), this.fail).catch(this.fail);
      else this.call(handler, input);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Of Expirable: the run took too long. The list has let go of it. */
  expire(): void {
    this.list = undefined;
    const { timeoutMs } = this.settings;
    const error = new KeelsonError("job_timeout", `${this.tool}: the run took longer than ${timeoutMs} ms`);
    this.fail(error);
    this.abort(error);
  }

  /** Tells the handler that its result isn't wanted any more, now or when it first reads its signal. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.controller?.abort(reason);
  }

  /** Ends it unharmed. */
  release(reason: string): void {
    this.error = reason;
    this.settle({ id: this.id, fence: this.claimed.fence, kind: "released" });
  }

  private call(handler: Handler, input: unknown): void {
    if (this.over) return;
    const { inContext } = this.owner.core.rt;
    const result = inContext === undefined ? handler(input, this) : inContext(this.context, () => handler(input, this));
    if (isThenable(result)) promised(result).then(this.succeed, this.fail);
    else this.succeed(result);
  }

  // A closure each is cheaper than binding, and there are as many as there are asynchronous runs.
  private readonly succeed = (result: unknown): void => {
    if (this.over) {
      discard(result);
      return;
    }
    try {
      const text = resultText(this.kind, this.settings, result);
      if (typeof text === "string") this.keep(text);
      else text.then((written) => this.keep(written), this.fail);
    } catch (error) {
      this.fail(error);
    }
  };

  private keep(result: string): void {
    this.settle({ id: this.id, fence: this.claimed.fence, kind: "succeeded", result });
  }

  private readonly fail = (thrown: unknown): void => {
    if (this.over) return;
    this.error = thrown;
    if (this.stopped) this.release("the worker stopped");
    else this.settle(failed(this.claimed, this.kind, this.settings, thrown, this.owner.core.rt.random));
  };

  private settle(end: Finish): void {
    if (this.over) return;
    this.over = true;
    this.list?.remove(this);
    this.alarm?.cancel();
    this.end = this.lost ? undefined : end;
    if (this.begunAt > 0) this.durationMs = this.owner.core.rt.clock.monotonic() - this.begunAt;
    this.owner.ended(this);
  }

  private arm(): void {
    const { timeoutMs } = this.settings;
    if (timeoutMs > 0) {
      this.list = this.owner.timeouts(this.kind, timeoutMs);
      this.list.add(this, this.begunAt);
    }
    if (this.until === Infinity) return;
    const { clock } = this.owner.core.rt;
    this.alarm = clock.alarm(Math.max(0, this.until - this.begunAt), () => this.outlive(), "held");
  }

  /** Its deadline has passed. Another attempt would come later still. */
  private outlive(): void {
    const error = new KeelsonError("job_expired", `${this.tool}: the job's deadline passed while it ran`);
    if (!this.over) {
      this.error = error;
      this.settle({ id: this.id, fence: this.claimed.fence, kind: "failed", error: failureText(error) });
    }
    this.abort(error);
  }
}
