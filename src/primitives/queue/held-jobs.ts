import type { Context } from "../../core/context.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import type { ClaimedJob, Extended, Finish, Finished } from "../../core/jobs.js";
import { validate } from "../../core/validation.js";
import type { QueueCore } from "./core.js";
import { open } from "./envelope.js";
import { failed, resultText } from "./outcome.js";
import type { Tool } from "./tool.js";

/** A job that was claimed by hand: whoever has it completes or fails it, and extends its lease while that takes. */
export interface HeldJob<Name extends string = string, Input = unknown> {
  readonly id: string;
  readonly tool: Name;
  /** What the schema made of it. */
  readonly input: Input;
  readonly attempt: number;
  readonly attempts: number;
  /** The number of this claim: an end that comes with an older one is refused. */
  readonly fence: number;
  /** Of whoever enqueued it; with the job's deadline. */
  readonly context: Context;
}

/** Claiming by hand, for workers of another make than {@link Worker}. */
export class HeldJobs {
  readonly #core: QueueCore;

  constructor(core: QueueCore) {
    this.#core = core;
  }

  async claim(names: readonly string[], max: number, lease: Duration | undefined): Promise<HeldJob[]> {
    const { config, rt, where, tools } = this.#core;
    const { leaseMs, scan, retention, tools: settings } = config.value;
    const asked = names.map((name) => ({ name, maxRunning: settings.get(name)?.maxRunning ?? 0 }));
    const request = {
      tools: asked,
      max,
      leaseMs: lease === undefined ? leaseMs : milliseconds(lease, `${where}: lease`, 1),
      scan,
      retention,
    };
    const sentAt = rt.clock.monotonic();
    const { jobs, now } = await this.#core.need("claim", (store, call) => store.claim(request, call));
    const held: HeldJob[] = [];
    for (const job of jobs) {
      const tool = tools.get(job.tool) as Tool;
      tool.counts.started++;
      tool.wait.add(now - job.dueAt);
      const until = job.deadlineAt === 0 ? undefined : sentAt + job.deadlineAt - now;
      const one = await this.#held(job, tool, until);
      if (one !== undefined) held.push(one);
    }
    return held;
  }

  async complete(job: HeldJob, result: unknown): Promise<Finished> {
    const { id, fence, tool: name } = job;
    const tool = this.#core.tools.get(name) as Tool;
    const text = await resultText(tool, this.#core.settings(name), result);
    const finished = await this.#finish({ id, fence, kind: "succeeded", result: text });
    if (finished === "kept") tool.counts.succeeded++;
    return finished;
  }

  async fail(job: HeldJob, error: unknown): Promise<Finished> {
    return this.#fail(job, this.#core.tools.get(job.tool) as Tool, error);
  }

  release({ id, fence, tool }: HeldJob): Promise<Finished> {
    (this.#core.tools.get(tool) as Tool).counts.released++;
    return this.#finish({ id, fence, kind: "released" });
  }

  async extend({ id, fence }: HeldJob, lease: Duration | undefined): Promise<Extended> {
    const { config, where } = this.#core;
    const leaseMs = lease === undefined ? config.value.leaseMs : milliseconds(lease, `${where}: lease`, 1);
    const [answer] = await this.#core.need("extend", (store, call) => store.extend([{ id, fence }], leaseMs, call));
    return answer ?? "lost";
  }

  /** What can't be read goes back to those who can, and what doesn't match its schema fails: neither is handed out. */
  async #held(job: ClaimedJob, tool: Tool, deadline: number | undefined): Promise<HeldJob | undefined> {
    const { id, fence, attempt, attempts } = job;
    const envelope = open(job.payload);
    if (envelope === "newer") {
      await this.#finish({ id, fence, kind: "released" });
      return undefined;
    }
    try {
      if (envelope === "unreadable") throw new KeelsonError("validation", `${job.tool}: the envelope can't be read`);
      const { trace, tenant, principal, priority } = envelope;
      const input = await validate(tool.options.input, envelope.input, "args");
      const context = {
        ...(trace !== undefined && { traceId: trace }),
        ...(tenant !== undefined && { tenant }),
        ...(principal !== undefined && { principal }),
        ...(priority !== undefined && { priority }),
        ...(deadline !== undefined && { deadline }),
      };
      return { id, tool: job.tool, input, attempt, attempts, fence, context };
    } catch (error) {
      await this.#fail(job, tool, error);
      return undefined;
    }
  }

  async #fail(
    job: Pick<HeldJob, "id" | "fence" | "attempt" | "attempts">,
    tool: Tool,
    error: unknown,
  ): Promise<Finished> {
    const { rt } = this.#core;
    const end = failed(job, tool, this.#core.settings(tool.name), error, rt.random);
    const finished = await this.#finish(end);
    if (finished === "lost") tool.counts.lost++;
    else if (end.kind === "failed") tool.counts.failed++;
    else if (job.attempt >= job.attempts) tool.counts.dead++;
    else tool.counts.retried++;
    return finished;
  }

  async #finish(end: Finish): Promise<Finished> {
    const { retention } = this.#core.config.value;
    const { finished } = await this.#core.need("finish", (store, call) =>
      store.finish([end], retention, undefined, call),
    );
    return finished[0] ?? "lost";
  }
}
