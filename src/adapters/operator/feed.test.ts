import { describe, expect, it } from "vitest";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import { Feed } from "./feed.js";

/** A feed of numbers, counting how often it was asked. */
function feed(options: { everyMs?: number; maxStreams?: number; take?: () => Promise<unknown> } = {}) {
  const clock = new ManualClock();
  let taken = 0;
  const made = new Feed({
    take: async () => ({ n: ++taken }),
    clock,
    everyMs: 2_000,
    maxStreams: 2,
    ...options,
  });
  return { feed: made, clock, taken: () => taken };
}

/** Reads a stream into a list, for as long as it goes on. */
function listen(stream: ReadableStream<Uint8Array>) {
  const heard: string[] = [];
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const done = (async () => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) heard.push(piece.value);
    return "ended" as const;
  })();
  return { heard, done, stop: () => reader.cancel() };
}

const never = new AbortController().signal;

describe("the feed of an operator page", () => {
  it("tells at once, and then every two seconds, as server-sent events", async () => {
    const { feed: made, clock } = feed();
    const { heard } = listen(made.open(never));
    await settled();
    expect(heard).toEqual(['event: snapshot\ndata: {"n":1}\n\n']);
    await clock.advance(1_999);
    expect(heard).toHaveLength(1);
    await clock.advance(1);
    expect(heard[1]).toBe('event: snapshot\ndata: {"n":2}\n\n');
  });

  it("takes one snapshot for all who listen, and none while nobody does", async () => {
    const { feed: made, clock, taken } = feed();
    const one = listen(made.open(never));
    const other = listen(made.open(never));
    await settled();
    expect(taken()).toBe(1);
    await clock.advance(2_000);
    expect(taken()).toBe(2);
    expect(one.heard[1]).toBe(other.heard[1]);
    await one.stop();
    await other.stop();
    await clock.advance(60_000);
    expect([taken(), made.size, clock.pending()]).toEqual([2, 0, 0]);
  });

  it("opens no more streams than it may, and says to whom it doesn't when to come back", async () => {
    const { feed: made } = feed();
    listen(made.open(never));
    const second = listen(made.open(never));
    expect(() => made.open(never)).toThrow(expect.objectContaining({ code: "unavailable", retryAfterMs: 30_000 }));
    await second.stop();
    await settled();
    expect(() => made.open(never)).not.toThrow();
  });

  it("beats where news is rare", async () => {
    const { feed: made, clock } = feed({ everyMs: 40_000 });
    const { heard } = listen(made.open(never));
    await clock.advance(45_000);
    expect(heard.map((text) => text.slice(0, 6))).toEqual(["event:", ": stil", ": stil", "event:"]);
  });

  it("ends when it closes, and opens nothing after that", async () => {
    const { feed: made, clock } = feed();
    const { heard, done } = listen(made.open(never));
    await settled();
    made.close();
    expect(await done).toBe("ended");
    expect(heard.at(-1)).toBe("event: end\ndata: {}\n\n");
    expect(clock.pending()).toBe(0);
    expect(() => made.open(never)).toThrow(expect.objectContaining({ code: "unavailable" }));
  });

  it("ends when the client goes away, and after ten minutes", async () => {
    const { feed: made, clock } = feed();
    const gone = new AbortController();
    const one = listen(made.open(gone.signal));
    const other = listen(made.open(never));
    gone.abort();
    expect(await one.done).toBe("ended");
    await clock.advance(599_000);
    expect(made.size).toBe(1);
    await clock.advance(3_000);
    expect(await other.done).toBe("ended");
    expect([made.size, clock.pending()]).toEqual([0, 0]);
  });

  it("never meets itself: a slow snapshot holds the next one back", async () => {
    let taking = 0;
    let most = 0;
    const clock = new ManualClock();
    const made = new Feed({
      take: async () => {
        most = Math.max(most, ++taking);
        await new Promise<void>((resolve) => void clock.alarm(5_000, resolve, "held"));
        taking--;
        return {};
      },
      clock,
      everyMs: 1_000,
      maxStreams: 1,
    });
    const { heard, stop } = listen(made.open(never));
    await clock.advance(30_000);
    expect([most, heard.length]).toEqual([1, expect.any(Number)]);
    expect(heard.length).toBeGreaterThan(3);
    await stop();
  });

  it("keeps no more for a slow reader than a few events", async () => {
    const { feed: made, clock } = feed();
    const stream = made.open(never);
    await clock.advance(60_000);
    const { heard } = listen(stream);
    await settled();
    expect(heard.length).toBeLessThanOrEqual(5);
    await clock.advance(2_000);
    expect(heard.at(-1)).toContain('{"n":32}');
  });

  it("says that there is no news where none can be had", async () => {
    const said: unknown[] = [];
    const original = console.error;
    console.error = (...args: unknown[]) => void said.push(args);
    try {
      const { feed: made } = feed({ take: () => Promise.reject(new Error("inside")) });
      const { heard } = listen(made.open(never));
      await settled();
      expect(heard.join("")).toBe('event: trouble\ndata: {"title":"No snapshot could be taken"}\n\n');
      expect(said).toHaveLength(1);
    } finally {
      console.error = original;
    }
  });
});
