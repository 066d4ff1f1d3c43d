import type { Alarm } from "../../core/clock.js";
import { KeelsonError } from "../../core/errors.js";
import { StoreFailure } from "../../core/store.js";
import type { QueueCore } from "./core.js";
import type { JobRun } from "./job-run.js";

/** How often a lease is looked at in the time that it lasts. */
const LOOKS = 4;
/** One call renews so many at most. */
const MOST_AT_ONCE = 1_000;

/**
 * Says that the runs of a worker live: one timer for all of them. Leases past their half are renewed; whose lease is
 * lost, or whose job was cancelled, is told to stop.
 */
export class Heartbeat {
  readonly #core: QueueCore;
  readonly #running: ReadonlySet<JobRun>;
  #alarm: Alarm | undefined;
  #beating = false;

  constructor(core: QueueCore, running: ReadonlySet<JobRun>) {
    this.#core = core;
    this.#running = running;
  }

  /** There are runs to be watched. */
  watch(): void {
    if (this.#alarm !== undefined) return;
    const { rt, config } = this.#core;
    this.#alarm = rt.clock.alarm(config.value.leaseMs / LOOKS, () => this.#ring(), "background");
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #ring(): void {
    this.#alarm = undefined;
    if (this.#running.size === 0) return;
    this.watch();
    if (this.#beating) return;
    const half = this.#core.rt.clock.monotonic() - this.#core.config.value.leaseMs / 2;
    const old: JobRun[] = [];
    for (const run of this.#running) if (!run.lost && run.leasedAt <= half) old.push(run);
    if (old.length > 0) void this.#beat(old);
  }

  async #beat(runs: readonly JobRun[]): Promise<void> {
    this.#beating = true;
    for (let from = 0; from < runs.length; from += MOST_AT_ONCE)
      await this.#renew(runs.slice(from, from + MOST_AT_ONCE));
    this.#beating = false;
  }

  async #renew(runs: readonly JobRun[]): Promise<void> {
    const { rt, config } = this.#core;
    const { leaseMs } = config.value;
    const sentAt = rt.clock.monotonic();
    const leases = runs.map(({ claimed: { id, fence } }) => ({ id, fence }));
    const answer = await this.#core.ask("extend", (jobs, call) => jobs.extend(leases, leaseMs, call));
    for (const [i, run] of runs.entries()) {
      if (run.over) continue;
      if (answer instanceof StoreFailure) {
        // Nobody answers; by now it may be another's. If it isn't, what comes of it is still taken.
        if (rt.clock.monotonic() - run.leasedAt >= leaseMs) run.abort(leaseLost(run));
        continue;
      }
      run.leasedAt = sentAt;
      if (answer[i] === "lost") {
        run.lost = true;
        run.abort(leaseLost(run));
      } else if (answer[i] === "cancelled") {
        run.cancelled = true;
        run.abort(new KeelsonError("job_cancelled", `${run.tool}: the job was cancelled`));
      }
    }
  }
}

function leaseLost({ tool }: JobRun): KeelsonError {
  return new KeelsonError("aborted", `${tool}: the lease ran out`);
}
