import fc from "fast-check";
import { expect, it } from "vitest";
import type { Priority } from "../../core/context.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import { Bulkhead } from "./bulkhead.js";

interface Waiting {
  readonly id: number;
  readonly weight: number;
  readonly rank: number;
  readonly until: number;
}

/** The definition, written down as plainly as it can be: a list, sorted anew each time. */
class Model {
  readonly running = new Map<number, number>();
  readonly granted: number[] = [];
  readonly refused: number[] = [];
  waiting: Waiting[] = [];
  grants = 0;

  constructor(
    public limit: number,
    readonly maxQueue: number,
    readonly queueMs: number,
  ) {}

  enter(id: number, weight: number, priority: number, now: number): void {
    if (this.waiting.length === 0 && this.fits(weight) && weight <= this.limit) this.grant(id, weight);
    else if (weight > this.limit || this.waiting.length >= this.maxQueue) this.refused.push(id);
    else this.waiting.push({ id, weight, rank: this.grants + 32 * priority, until: now + this.queueMs });
  }

  leave(id: number): void {
    this.running.delete(id);
    this.admit();
  }

  abort(id: number): void {
    if (!this.waiting.some((one) => one.id === id)) return;
    this.waiting = this.waiting.filter((one) => one.id !== id);
    this.refused.push(id);
    this.admit();
  }

  pass(now: number): void {
    for (const { id, until } of [...this.waiting]) if (until <= now) this.abort(id);
  }

  resize(limit: number): void {
    const before = this.limit;
    this.limit = limit;
    if (limit > before) this.admit();
  }

  private admit(): void {
    for (;;) {
      const [next] = [...this.waiting].sort((a, b) => a.rank - b.rank || a.id - b.id);
      if (next === undefined || this.used() >= this.limit || !this.fits(next.weight)) return;
      this.waiting = this.waiting.filter((one) => one !== next);
      this.grants++;
      this.grant(next.id, next.weight);
    }
  }

  private grant(id: number, weight: number): void {
    this.running.set(id, weight);
    this.granted.push(id);
  }

  private fits(weight: number): boolean {
    return this.used() + weight <= this.limit || this.running.size === 0;
  }

  private used(): number {
    return [...this.running.values()].reduce((sum, weight) => sum + weight, 0);
  }
}

const PRIORITIES: readonly Priority[] = ["critical", "high", "normal", "low"];

it("a bulkhead does what a naive model does, in the same order", async () => {
  const operation = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant("enter" as const),
        weight: fc.integer({ min: 1, max: 4 }),
        priority: fc.nat(3),
      }),
    },
    { weight: 4, arbitrary: fc.record({ op: fc.constant("leave" as const), which: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant("abort" as const), which: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("resize" as const), limit: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 50 }),
      fc.integer({ min: 1, max: 5 }),
      async (operations, limit) => {
        const clock = new ManualClock();
        const bulkhead = new Bulkhead(
          "model",
          { maxConcurrent: limit, maxQueue: 4, queueTimeout: 100 },
          runtime({ clock }),
        );
        const model = new Model(limit, 4, 100);
        const granted: number[] = [];
        const refused: number[] = [];
        const controllers = new Map<number, AbortController>();
        const weights = new Map<number, number>();
        let ids = 0;
        for (const operation of operations) {
          if (operation.op === "enter") {
            const id = ++ids;
            const controller = new AbortController();
            controllers.set(id, controller);
            weights.set(id, operation.weight);
            const { weight } = operation;
            const priority = PRIORITIES[operation.priority] as Priority;
            void bulkhead.wait({ weight, priority, signal: controller.signal }).then(
              () => granted.push(id),
              () => refused.push(id),
            );
            model.enter(id, weight, operation.priority, clock.monotonic());
          } else if (operation.op === "leave") {
            const id = [...model.running.keys()][operation.which];
            if (id === undefined) continue;
            bulkhead.leave(weights.get(id));
            model.leave(id);
          } else if (operation.op === "abort") {
            const id = model.waiting[operation.which]?.id;
            if (id === undefined) continue;
            controllers.get(id)?.abort();
            model.abort(id);
          } else if (operation.op === "resize") {
            bulkhead.resize(operation.limit);
            model.resize(operation.limit);
          } else {
            // One millisecond at a time: what falls due together leaves together.
            for (let ms = 0; ms < operation.ms; ms++) {
              clock.tick(1);
              model.pass(clock.monotonic());
            }
          }
          await settled();
          const { running, queued } = bulkhead.snapshot();
          expect(queued).toBe(model.waiting.length);
          expect(running).toBe([...model.running.values()].reduce((sum, weight) => sum + weight, 0));
          expect(granted).toEqual(model.granted);
          expect([...refused].sort()).toEqual([...model.refused].sort());
        }
      },
    ),
    { numRuns: 200 },
  );
});
