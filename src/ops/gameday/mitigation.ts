import { OpsError } from "../failure.js";
import type { LiveEntry, LiveLevers, OperatorClient } from "../operate/client.js";
import type { RunbookLever } from "../runbook/runbook.js";
import { complaint, look } from "./activities.js";
import type { Reliability } from "./experiment.js";
import type { LeverRun, Run } from "./journal.js";
import type { Surroundings } from "./providers.js";
import { soonest } from "./soonest.js";

/** A lever of the runbook that an experiment pulls, what it is told filled in, and what then has to be seen. */
export interface Measure {
  readonly lever: RunbookLever;
  readonly effect: Pick<Reliability["runbookLevers"][number], "within" | "probes">;
}

/** Where a lever can't be taken back at once (the store was broken a moment ago), it is tried again for so long. */
const PATIENCE_MS = 10_000;
const BETWEEN_MS = 250;

/** The levers of one experiment: pulled through the service's operator routes, each of them taken back again. */
export class Mitigation {
  readonly #operator: OperatorClient;
  readonly #around: Surroundings;
  readonly #signature: string;
  readonly #done: { readonly run: LeverRun; readonly reason: string; id: string | undefined }[] = [];

  /** @param experiment its name: what is pulled is pulled in it */
  constructor(operator: OperatorClient, around: Surroundings, experiment: string) {
    this.#operator = operator;
    this.#around = around;
    // By the moment, a pull whose answer was lost is told from those of other days.
    this.#signature = `game day ${experiment}, ${around.world.now().toISOString()}`;
  }

  /** What was pulled, as it went. */
  get levers(): readonly LeverRun[] {
    return this.#done.map(({ run }) => run);
  }

  /**
   * Pulls a lever and looks for its effect. Never throws: what can't be done has failed.
   *
   * @param signal stops the looking alone: of a pull that was broken off nobody would know whether it was done
   * @returns activities for the journal
   */
  async pull({ lever: wanted, effect }: Measure, signal: AbortSignal): Promise<readonly Run[]> {
    const { id, lever, target, args, for: lasts } = wanted;
    const reason = `${wanted.reason} (${this.#signature})`;
    const request = { lever, target, args, reason, ...(lasts !== undefined && { expiresIn: lasts }) };
    const run: LeverRun = {
      id,
      lever,
      target,
      args,
      reason,
      by: null,
      pulledAt: null,
      expiresAt: null,
      effective: null,
      ended: null,
      endedAt: null,
    };
    const kept = { run, reason, id: undefined as string | undefined };
    this.#done.push(kept);
    const pulled = await this.#activity(`${lever} on ${target}`, "levers", request, async () => {
      const entry = await this.#operator.pull(request);
      kept.id = entry.id;
      Object.assign(run, pulledAs(entry));
      return entry;
    });
    if (pulled.status === "failed") {
      run.exception = pulled.exception ?? [];
      return [pulled];
    }
    const { world } = this.#around;
    const { state } = await soonest(() => look(effect.probes, this.#around, signal), world, {
      began: world.monotonic(),
      withinMs: effect.within * 1000,
      signal,
    });
    // What Ctrl-C has cut off says nothing.
    if (signal.aborted) return [pulled];
    run.effective = state.steady_state_met;
    const missed = complaint(state);
    if (missed !== undefined) run.exception = [missed];
    return [pulled, ...state.probes];
  }

  /** Takes back what is in effect, also what was pulled without an answer. Never throws. */
  async release(): Promise<readonly Run[]> {
    const runs: Run[] = [];
    for (const kept of [...this.#done].reverse()) {
      const { run } = kept;
      // What acts once was over when it was done.
      if (run.pulledAt !== null && run.expiresAt === null) continue;
      const name = `${run.lever} on ${run.target} is taken back`;
      const ended = await this.#activity(name, `levers/${kept.id ?? "ID"}/release`, { reason: this.#signature }, () =>
        this.#patiently(() => this.#end(kept)),
      );
      if (ended.status === "failed") run.exception = [...(run.exception ?? []), ...(ended.exception ?? [])];
      // Of what was refused there is nothing to take back, and nothing to tell.
      if (run.pulledAt !== null || ended.status === "failed") runs.push(ended);
    }
    return runs;
  }

  /** @throws {OpsError} when the service couldn't be asked, or didn't do it */
  async #end(kept: { readonly run: LeverRun; readonly reason: string; id: string | undefined }): Promise<unknown> {
    const { run, reason } = kept;
    const levers = await this.#operator.levers();
    const entry = levers.active.find((one) => (kept.id === undefined ? one.reason === reason : one.id === kept.id));
    if (entry === undefined) {
      if (kept.id === undefined) return null;
      const { ended, endedAt } = endOf(levers, kept.id);
      Object.assign(run, { ended, endedAt });
      return { ended, endedAt };
    }
    if (kept.id === undefined) Object.assign(run, pulledAs(entry));
    kept.id = entry.id;
    const { released } = await this.#operator.release(entry.id, this.#signature);
    const at = released === undefined ? this.#around.world.now() : new Date(released.at);
    Object.assign(run, { ended: "released", endedAt: at.toISOString() } satisfies Partial<LeverRun>);
    return { ...entry, released };
  }

  async #patiently<T>(act: () => Promise<T>): Promise<T> {
    const { world } = this.#around;
    const began = world.monotonic();
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof OpsError) || world.monotonic() - began >= PATIENCE_MS) throw error;
        await world.sleep(BETWEEN_MS);
      }
    }
  }

  /** Does something, and writes it down as Chaos Toolkit would an action; what proves who asks is left out. */
  async #activity(name: string, path: string, body: object, act: () => Promise<unknown>): Promise<Run> {
    const { world } = this.#around;
    const start = world.now();
    const began = world.monotonic();
    const provider = { type: "http", method: "POST", url: this.#operator.url(path).href, arguments: body };
    const written = (status: Run["status"], output: unknown, exception?: string): Run => ({
      activity: { type: "action", name, provider },
      status,
      output,
      start: start.toISOString(),
      end: world.now().toISOString(),
      duration: (world.monotonic() - began) / 1000,
      ...(exception !== undefined && { exception: [exception] }),
    });
    try {
      return written("succeeded", await act());
    } catch (error) {
      if (!(error instanceof OpsError)) throw error;
      return written("failed", null, error.message);
    }
  }
}

function pulledAs({ by, at, expiresAt }: LiveEntry): Pick<LeverRun, "by" | "pulledAt" | "expiresAt"> {
  return {
    by,
    pulledAt: new Date(at).toISOString(),
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  };
}

/** How a lever ended that is no longer in effect, as the audit says. */
function endOf({ audit }: LiveLevers, id: string): Pick<LeverRun, "ended" | "endedAt"> {
  const line = audit.find((one) => one.id === id && one.action !== "pulled");
  if (line === undefined) return { ended: null, endedAt: null };
  // What expired did so at its time; the line of it has the moment of its pull.
  const at = line.action === "expired" ? (line.expiresAt ?? line.at) : line.at;
  const ended = (["released", "expired", "superseded"] as const).find((how) => how === line.action) ?? null;
  return { ended, endedAt: ended === null ? null : new Date(at).toISOString() };
}
