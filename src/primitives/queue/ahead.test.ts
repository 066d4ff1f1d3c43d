import { describe, expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.js";
import { ClaimedAhead } from "./ahead.js";
import type { JobRun } from "./job-run.js";
import { heldRuns, noTrouble, numbered, place, troubled } from "./queue.fixture.js";
import { Queue } from "./queue.js";

describe("claiming ahead", () => {
  function setup() {
    const clock = new ManualClock();
    const back: string[] = [];
    const ahead = new ClaimedAhead(clock, ({ id }) => back.push(id));
    const run = (id: string) => ({ id }) as JobRun;
    return { clock, back, ahead, run };
  }

  it("is for runs that are shorter than asking, as many as run in that time, and no more than so many", () => {
    const { ahead } = setup();
    expect(ahead.wanted(10)).toBe(0);
    ahead.asked(1);
    expect(ahead.wanted(10)).toBe(0);
    ahead.ran(2);
    expect([ahead.wanted(1), ahead.wanted(10)]).toEqual([0, 5]);
    for (let n = 0; n < 200; n++) ahead.ran(0);
    expect([ahead.wanted(1), ahead.wanted(50)]).toEqual([16, 50]);
    for (let n = 0; n < 200; n++) ahead.ran(1_000);
    expect(ahead.wanted(50)).toBe(0);
  });

  it("gives back what can't begin soon, the last come first, so that they stand in their order again", async () => {
    const { ahead, clock, back, run } = setup();
    for (const id of ["1", "2", "3"]) ahead.add(run(id), 5, 0);
    expect(ahead.next(10)).toMatchObject({ run: { id: "1" }, waitedMs: 15 });
    ahead.watch();
    await clock.advance(49);
    expect(back).toEqual([]);
    await clock.advance(1);
    expect([back, ahead.size, clock.pending()]).toEqual([["3", "2"], 0, 0]);
  });

  it("holds none while all runs are longer than it would hold", async () => {
    const { ahead, clock, run } = setup();
    ahead.asked(1);
    ahead.ran(0.1);
    ahead.add(run("1"), 0, 0);
    expect(ahead.wanted(10)).toBe(16);
    ahead.watch();
    await clock.advance(50);
    expect(ahead.wanted(1_000)).toBe(0);
    ahead.ran(0.1);
    expect([ahead.wanted(10), ahead.wanted(100)]).toEqual([0, 2]);
  });

  it("holds jobs for a slow store and short runs, and lets others have them when a run gets long", async () => {
    const trouble = noTrouble();
    trouble.late = true;
    const { rt, clock, memory } = place({}, (jobs) => {
      const inner = troubled(trouble)(jobs);
      // Each claim takes ten milliseconds.
      const later = <T>(answer: T) => new Promise<T>((resolve) => clock.alarm(10, () => resolve(answer), "held"));
      return {
        ...inner,
        claim: async (request) => later(await inner.claim(request)),
        finish: async (...asked) => later(await inner.finish(...asked)),
      };
    });
    const held = heldRuns();
    let slowFrom = Number.POSITIVE_INFINITY;
    const work = numbered((input, call) => (input.n >= slowFrom ? held.run(input, call as never) : input.n));
    const queue = new Queue("tools", { jobs: { work } }, rt);
    await queue.enqueueMany(
      Array.from({ length: 1000 }, (_, n) => ({ tool: "work" as const, input: { n }, id: `${n}` })),
    );
    const worker = queue.process({ concurrency: 1 });
    await clock.advance(200);
    const { started } = queue.snapshot().byTool.work?.here ?? { started: 0 };
    // One at a time, each with a call of its own, were twenty.
    expect(started).toBeGreaterThan(40);
    slowFrom = 0;
    await clock.advance(15);
    const [busy = -1] = held.running();
    await clock.advance(60);
    const other = await new Queue("tools", { jobs: { work } }, { ...rt, store: memory }).claim({ max: 100 });
    expect(other.length).toBeGreaterThan(1);
    expect(other[0]?.id).toBe(`${busy + 1}`);
    held.end(busy);
    const drained = worker.drain();
    await clock.advance(100);
    expect(await drained).toBe(true);
  });
});
