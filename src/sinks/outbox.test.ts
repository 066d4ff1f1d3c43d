import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock, settled } from "../testing/manual-clock.js";
import { Outbox, type OutboxOptions, RetryLater } from "./outbox.js";

function outboxOf(options: Partial<OutboxOptions<number>> = {}) {
  const clock = new ManualClock();
  const got: number[] = [];
  const errors: unknown[] = [];
  const outbox = new Outbox<number>({
    clock,
    capacity: 5,
    batch: 2,
    everyMs: 100,
    timeoutMs: 1_000,
    send: (items) => void got.push(...items),
    report: (error) => void errors.push(error),
    ...options,
  });
  return { clock, got, errors, outbox };
}

const never = () => new Promise<never>(() => undefined);

describe("an outbox", () => {
  it("hands over what it was given, later and in order, and keeps no process alive for it", async () => {
    const { clock, got, outbox } = outboxOf();
    for (const item of [1, 2, 3]) outbox.push(item);
    expect([got, clock.pending("background"), clock.pending("held")]).toEqual([[], 1, 0]);
    await clock.advance(100);
    expect([got, outbox.sent, clock.pending()]).toEqual([[1, 2, 3], 3, 0]);
  });

  it("drops what comes when it is full, and counts it", async () => {
    const { clock, got, outbox } = outboxOf();
    for (let item = 0; item < 8; item++) outbox.push(item);
    await clock.advance(100);
    expect([got, outbox.dropped]).toEqual([[0, 1, 2, 3, 4], 3]);
  });

  it("hands over at once when it is told to, and takes nothing once it is closed", async () => {
    const { clock, got, outbox } = outboxOf();
    outbox.push(1);
    await outbox.flush();
    outbox.push(2);
    await outbox.close();
    outbox.push(3);
    expect([got, outbox.sent, outbox.dropped, clock.pending()]).toEqual([[1, 2], 2, 1, 0]);
  });

  it("loses what could not be handed over, and tries again after a wait that doubles", async () => {
    let tries = 0;
    const fail = () => {
      tries++;
      throw new Error("no");
    };
    const { clock, errors, outbox } = outboxOf({ batch: 1, send: fail });
    for (const item of [1, 2, 3]) outbox.push(item);
    await clock.advance(100);
    expect([tries, outbox.failed]).toEqual([1, 1]);
    await clock.advance(1_000);
    expect(tries).toBe(2);
    await clock.advance(1_999);
    expect(tries).toBe(2);
    await clock.advance(1);
    expect([tries, outbox.failed, errors.length, outbox.size]).toEqual([3, 3, 3, 0]);
  });

  it("keeps what is asked for again, for as long as was said", async () => {
    const got: number[] = [];
    let busy = true;
    const { clock, outbox } = outboxOf({
      send: (items) => {
        if (busy) throw new RetryLater("busy", 5_000);
        got.push(...items);
      },
    });
    for (const item of [1, 2, 3]) outbox.push(item);
    await clock.advance(100);
    busy = false;
    await clock.advance(4_999);
    expect([got, outbox.size]).toEqual([[], 3]);
    await clock.advance(1);
    expect([got, outbox.failed]).toEqual([[1, 2, 3], 0]);
  });

  it("gives up on what never settles, and aborts its signal", async () => {
    const signals: AbortSignal[] = [];
    const { clock, outbox, errors } = outboxOf({
      batch: 1,
      send: (_, signal) => {
        signals.push(signal());
        return never();
      },
    });
    outbox.push(1);
    await clock.advance(1_100);
    expect([signals[0]?.aborted, outbox.failed, errors.length, clock.pending()]).toEqual([true, 1, 1, 0]);
  });

  it("flushes and closes in time although nothing ever settles", async () => {
    const { clock, outbox } = outboxOf({ send: never });
    for (const item of [1, 2, 3]) outbox.push(item);
    let closed = false;
    const closing = outbox.close().then(() => {
      closed = true;
    });
    await settled();
    expect(closed).toBe(false);
    await clock.advance(1_000);
    await closing;
    expect([outbox.failed + outbox.dropped, outbox.size]).toEqual([3, 0]);
  });

  it("leaves the process alone for nine tenths of the time when its receiver is slow", async () => {
    const clock = new ManualClock();
    const { outbox, got } = outboxOf({
      clock,
      batch: 1,
      send: (items) => {
        // Blocking: time passes, and nothing else happens.
        clock.tick(20);
        got.push(...items);
      },
    });
    for (const item of [1, 2, 3]) outbox.push(item);
    await clock.advance(100);
    expect(got).toEqual([1]);
    await clock.advance(179);
    expect(got).toEqual([1]);
    await clock.advance(1);
    expect(got).toEqual([1, 2]);
  });

  it("accounts for every item, whatever comes of them", async () => {
    const steps = fc.array(fc.oneof(fc.constant("push"), fc.constant("flush"), fc.integer({ min: 1, max: 3_000 })), {
      maxLength: 60,
    });
    const outcomes = fc.array(fc.constantFrom("ok", "throw", "later", "reject", "never"), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, outcomes, async (script, answers) => {
        const left = [...answers];
        let handed: number[] = [];
        const { clock, outbox } = outboxOf({
          send: (items) => {
            const answer = left.shift() ?? "ok";
            if (answer === "throw") throw new Error("no");
            if (answer === "later") throw new RetryLater("busy");
            if (answer === "reject") return Promise.reject(new Error("no"));
            if (answer === "never") return never();
            handed = [...handed, ...items];
            return undefined;
          },
        });
        let pushed = 0;
        for (const step of script) {
          if (step === "push") outbox.push(pushed++);
          else if (step === "flush") {
            const flushed = outbox.flush();
            await clock.advance(1_000);
            await flushed;
          } else await clock.advance(step);
          expect(outbox.size).toBeLessThanOrEqual(7);
        }
        const closed = outbox.close();
        await clock.advance(2_000);
        await closed;
        await settled();
        expect(outbox.sent).toBe(handed.length);
        expect(outbox.sent + outbox.failed + outbox.dropped).toBe(pushed);
        expect(handed).toEqual([...handed].sort((a, b) => a - b));
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
