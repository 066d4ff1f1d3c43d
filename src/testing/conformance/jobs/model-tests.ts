import type { Finish, NewJob } from "../../../core/jobs.js";
import { seeded } from "../../../core/seeded.js";
import { type Asked, answered, asking, type JobBench, LEASE_MS, newJob } from "./job-bench.js";
import { JobModel } from "./model.js";

const TOOLS = ["a", "b", "c"];
const STEPS = 250;
/** Longer than the store waits between looks at what is due. */
const TICK_MS = 20;
/** Nothing is forgotten while a test runs. */
const KEPT = { succeeded: 1e9, failed: 1e9, dead: 1e9, expired: 1e9, cancelled: 1e9 };

/** Random steps, each answered as the model does. */
export function modelTests(bench: JobBench): void {
  bench.describe("random steps", () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      bench.it(`come to what a simple model says, ${seed}`, async (asked) => {
        const steps = new RandomSteps(bench, asked, seeded(seed));
        for (let n = 0; n < STEPS; n++) await steps.next();
        await steps.compare();
      });
    }
  });
}

class RandomSteps {
  readonly #bench: JobBench;
  readonly #asked: Asked;
  readonly #random: () => number;
  readonly #model = new JobModel();
  #made = 0;
  /** Leases that were given out, the lost ones, too. */
  #leases: { readonly id: string; readonly fence: number }[] = [];

  constructor(bench: JobBench, asked: Asked, random: () => number) {
    this.#bench = bench;
    this.#asked = asked;
    this.#random = random;
  }

  async next(): Promise<void> {
    const roll = this.#random();
    if (roll < 0.3) await this.#enqueue();
    else if (roll < 0.55) await this.#claim();
    else if (roll < 0.75) await this.#finish();
    else if (roll < 0.8) await this.#extend();
    else if (roll < 0.87) await this.#cancel();
    else if (roll < 0.9) await this.#pause();
    else if (roll < 0.915) await this.#requeue();
    else if (roll < 0.925) await this.#dropDead();
    else await this.#pass();
  }

  /** All jobs and all numbers. */
  async compare(): Promise<void> {
    const model = this.#model;
    for (const job of model.jobs.values()) {
      const record = await this.#asked.get(job.id);
      // The store needn't have found out yet what time has done to it.
      if (record.state === "expired") model.expired(job.id);
      const { state, attempt, payload, result, error, tool } = job;
      this.#bench.has(record, { state, attempt, payload, result, error, tool });
    }
    for (const tool of TOOLS) {
      const ended = model.ended.get(tool);
      const queued = model.of(tool, "queued").length;
      const stats = await this.#asked.stats(tool);
      if (stats === undefined) {
        this.#bench.equal(queued, 0);
        continue;
      }
      const none = { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
      this.#bench.has(stats, {
        queued,
        delayed: model.of(tool, "delayed").length,
        running: model.of(tool, "running").length,
        dead: model.of(tool, "dead").length,
        paused: model.paused.has(tool),
        ended: ended ?? none,
      });
    }
  }

  async #enqueue(): Promise<void> {
    const jobs = Array.from({ length: 1 + this.#below(3) }, () => this.#job());
    this.#bench.equal(await this.#asked.enqueue(...jobs), this.#model.enqueue(jobs));
  }

  #job(): NewJob {
    // Now and then one that was there before.
    const id = this.#random() < 0.1 ? `${this.#below(this.#made + 1)}` : `${this.#made++}`;
    return newJob(id, {
      tool: this.#pick(TOOLS),
      attempts: 1 + this.#below(3),
      delayMs: this.#random() < 0.2 ? 1 + this.#below(200) : 0,
      deadlineMs: this.#random() < 0.15 ? 201 + this.#below(100) : 0,
      maxQueued: this.#random() < 0.5 ? 6 : 0,
      dedupe: this.#random() < 0.2 ? this.#pick(["x", "y"]) : "",
    });
  }

  async #claim(): Promise<void> {
    const tools: Record<string, number> = {};
    for (const tool of TOOLS) if (this.#random() < 0.7) tools[tool] = this.#pick([0, 0, 2, 4]);
    const request = { ...asking(1 + this.#below(5), tools), retention: KEPT };
    const claim = answered(await this.#asked.store.claim(request));
    this.#bench.equal(this.#model.claimed(request, claim), []);
    for (const { id, fence } of claim.jobs) this.#leases.push({ id, fence });
    await this.#follow();
  }

  async #finish(): Promise<void> {
    const ends = Array.from({ length: this.#below(3) }, () => this.#end()).filter((end) => end !== undefined);
    const { finished } = answered(await this.#asked.store.finish(ends, KEPT));
    this.#bench.equal(
      finished,
      ends.map((end) => this.#model.finish(end)),
    );
  }

  #end(): Finish | undefined {
    const lease = this.#pick(this.#leases.slice(-8));
    if (lease === undefined) return undefined;
    const { id, fence } = lease;
    switch (this.#below(5)) {
      case 0:
        return { id, fence, kind: "failed", error: "f" };
      case 1:
        return { id, fence, kind: "released" };
      case 2:
        return { id, fence, kind: "succeeded", result: `"${id}"` };
      default:
        return { id, fence, kind: "retry", delayMs: this.#random() < 0.5 ? 0 : 1 + this.#below(150), error: "e" };
    }
  }

  async #extend(): Promise<void> {
    const leases = this.#leases.slice(-6);
    const told = await this.#asked.extend(...leases);
    this.#bench.equal(
      told,
      leases.map((lease) => this.#model.extend(lease, LEASE_MS)),
    );
  }

  async #cancel(): Promise<void> {
    const id = `${this.#below(this.#made + 1)}`;
    this.#bench.equal(answered(await this.#asked.store.cancel(id, KEPT)), this.#model.cancel(id));
  }

  async #pause(): Promise<void> {
    const tool = this.#pick(TOOLS);
    const paused = this.#random() < 0.4;
    await this.#asked.store.pause(tool, paused);
    if (paused) this.#model.paused.add(tool);
    else this.#model.paused.delete(tool);
  }

  async #requeue(): Promise<void> {
    const tool = this.#pick(TOOLS);
    const answer = answered(await this.#asked.store.requeueDead(tool, 1_000));
    this.#bench.equal(answer, { requeued: this.#model.requeueDead(tool) });
  }

  async #dropDead(): Promise<void> {
    const tool = this.#pick(TOOLS);
    const answer = answered(await this.#asked.store.dropDead(tool, 1_000));
    this.#bench.equal(answer, { dropped: this.#model.dropDead(tool) });
  }

  async #pass(): Promise<void> {
    const ms = TICK_MS * (1 + this.#below(this.#random() < 0.1 ? 70 : 8));
    await this.#asked.advance(ms);
    this.#model.now += ms;
  }

  /** What the store passed over in a claim, for its deadline was over, is over in the model, too. */
  async #follow(): Promise<void> {
    for (const tool of TOOLS) {
      for (const { id, deadlineAt } of this.#model.of(tool, "queued")) {
        if (deadlineAt > 0 && deadlineAt <= this.#model.now && (await this.#asked.state(id)) === "expired")
          this.#model.expired(id);
      }
    }
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }
}
