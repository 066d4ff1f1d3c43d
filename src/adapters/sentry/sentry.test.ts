import { describe, expect, it } from "vitest";
import { troubledKit } from "../../sinks/troubled-kit.fixture.js";
import { settled } from "../../testing/manual-clock.js";
import type { SentryClient } from "./client.js";
import { parseDsn } from "./dsn.js";
import { sendSentryEvent } from "./envelope.js";
import { sentryEvents } from "./events.js";
import { type SentryOptions, sentry } from "./sentry.js";

const DSN = "https://key@sentry.example/42";

/** A fetch that notes the events it is sent. */
function receiver(answer: () => Promise<Response> = async () => new Response("{}")) {
  const events: { message: string; extra: { suppressed?: number }; event_id: string }[] = [];
  const fetch = (_: string, init: RequestInit) => {
    events.push(JSON.parse(String(init.body).split("\n")[2] ?? ""));
    return answer();
  };
  return { events, fetch };
}

describe("sentry", () => {
  it("is not flooded by an incident: one event of a kind, then how many there were", async () => {
    const { kit, clock } = troubledKit();
    const { events, fetch } = receiver();
    const sink = sentry(kit, { dsn: DSN, fetch });
    const failure = { reason: "timeout", applied: "no", policy: "closed" } as const;
    for (let second = 0; second < 60; second++) {
      for (let n = 0; n < 100; n++) kit.events.emit("store.failure", { name: "limiter:turns", ...failure });
      await clock.advance(1_000);
    }
    expect(events.map(({ extra }) => extra.suppressed)).toEqual([undefined]);
    await clock.advance(300_000);
    expect(events.map(({ extra }) => extra.suppressed)).toEqual([undefined, 5_999]);
    expect(events[1]?.message).toMatch(/and 5999 more like it/);
    expect(sink.stats).toEqual({ sent: 2, dropped: 0, failed: 0, suppressed: 5_999 });
  });

  it("sends so many of all kinds in a minute", async () => {
    const { kit, clock } = troubledKit();
    const { events, fetch } = receiver();
    sentry(kit, { dsn: DSN, fetch, perMinute: 5 });
    for (let n = 0; n < 500; n++)
      kit.events.emit("job.dead", {
        name: `queue-${n}`,
        tool: "t",
        id: "1",
        attempt: 3,
        durationMs: 1,
        error: new Error("no"),
      });
    await clock.advance(59_000);
    expect(events.length).toBe(5);
  });

  it("leaves Sentry alone for as long as it asks for", async () => {
    const { kit, clock, open } = troubledKit();
    let busy = true;
    const { events, fetch } = receiver(async () => {
      return busy ? new Response(null, { status: 429, headers: { "retry-after": "30" } }) : new Response("{}");
    });
    const sink = sentry(kit, { dsn: DSN, fetch, onError: () => undefined });
    await open();
    await clock.advance(30_000);
    expect(events.length).toBe(1);
    busy = false;
    await clock.advance(500);
    expect([events.length, sink.stats.sent]).toEqual([2, 1]);
    expect(events[0]?.event_id).toBe(events[1]?.event_id);
  });

  it.each<[what: string, fetch: () => Promise<Response>]>([
    ["never answers", () => new Promise(() => undefined)],
    ["fails", () => Promise.reject(new Error("no network"))],
    ["refuses", async () => new Response(null, { status: 403 })],
    [
      "throws",
      () => {
        throw new Error("no fetch");
      },
    ],
  ])("touches no request, and lets the kit close, when Sentry %s", async (_, answer) => {
    const { kit, clock, ask, open, failing } = troubledKit();
    const errors: unknown[] = [];
    sentry(kit, { dsn: DSN, fetch: receiver(answer).fetch, onError: (error) => errors.push(error) });
    await open();
    failing(new Error("a slip"));
    expect((await ask("/free")).status).toBe(500);
    await clock.advance(5_000);
    expect(errors.length).toBeGreaterThan(0);
    let closed = false;
    void kit.close().then(() => {
      closed = true;
    });
    await clock.advance(3_000);
    expect(closed).toBe(true);
  });

  it("touches no request when the SDK throws at everything or never settles", async () => {
    const { kit, clock, ask, open } = troubledKit();
    const errors: unknown[] = [];
    const broken = () => {
      throw new Error("broken");
    };
    const client: SentryClient = {
      captureEvent: broken,
      captureException: broken,
      withIsolationScope: broken,
      getGlobalScope: broken,
      flush: () => new Promise(() => undefined),
    };
    const sink = sentry(kit, { client, onError: (error) => errors.push(error) });
    await open();
    expect((await ask("/free")).status).toBe(200);
    await clock.advance(60_000);
    expect(errors).toContainEqual(new Error("broken"));
    let flushed = false;
    void sink.flush().then(() => {
      flushed = true;
    });
    await clock.advance(4_000);
    expect(flushed).toBe(true);
  });

  it("survives a beforeSend that throws, and sends nothing where it answers null", async () => {
    const { kit, clock, open } = troubledKit();
    const { events, fetch } = receiver();
    const errors: unknown[] = [];
    sentry(kit, { dsn: DSN, fetch, beforeSend: () => null });
    const beforeSend = () => {
      throw new Error("mine");
    };
    sentry(kit, { dsn: DSN, fetch, beforeSend, onError: (error) => errors.push(error) });
    await open();
    await clock.advance(600_000);
    expect([events, errors]).toEqual([[], [new Error("mine")]]);
  });

  it("hears of nothing that happens all the time", () => {
    const { kit } = troubledKit();
    sentry(kit, { dsn: DSN });
    const heard = ["limiter.decision", "cache.hit", "upstream.settled", "job.succeeded"] as const;
    expect(heard.filter((type) => kit.events.wants(type))).toEqual([]);
    expect(kit.events.reports("endpoint.settled")).toBe(false);
  });

  it.each<[wrong: unknown, message: RegExp]>([
    [{}, /sentry\.dsn: got undefined/],
    [{ dsn: "https://sentry.example/42" }, /sentry\.dsn/],
    [{ client: {} }, /sentry\.client\.captureEvent/],
    [{ dsn: DSN, every: "soon" }, /sentry\.every/],
    [{ dsn: DSN, perMinute: 0 }, /sentry\.perMinute/],
    [{ dns: DSN }, /sentry\.dns/],
  ])("refuses the options %j", (wrong, message) => {
    const { kit } = troubledKit();
    expect(() => sentry(kit, wrong as SentryOptions)).toThrow(message);
    expect(kit.events.wants("breaker.transition")).toBe(false);
  });
});

describe("events that somebody else sends", () => {
  it("wait until they are taken, as plain JSON, and need no timer", async () => {
    const { kit, clock, open } = troubledKit();
    const before = clock.pending();
    const alerts = sentryEvents(kit);
    for (let n = 0; n < 3; n++)
      kit.events.emit("job.dead", {
        name: "tools",
        tool: "t",
        id: "1",
        attempt: 3,
        durationMs: 1,
        error: new Error("no"),
      });
    const [event] = alerts.take();
    expect(event).toMatchObject({
      fingerprint: ["keelson", "shop", "job.dead", "tools"],
      exception: { values: [{ type: "Error", value: "no" }] },
    });
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
    expect([alerts.take(), alerts.suppressed, clock.pending()]).toEqual([[], 2, before]);
    alerts.close();
    await open();
    expect(alerts.take()).toMatchObject([{ tags: { kind: "job.dead" }, extra: { suppressed: 2 } }]);
  });

  it("are at most a hundred", async () => {
    const { kit, clock } = troubledKit();
    const alerts = sentryEvents(kit, { perMinute: 10_000 });
    for (let n = 0; n < 150; n++) kit.events.emit("queue.failure", { ...STORE, name: `queue-${n}` });
    await clock.advance(0);
    expect([alerts.take().length, alerts.dropped]).toEqual([100, 50]);
  });

  it("are sent one by one, and what Sentry doesn't take is an error", async () => {
    const { kit } = troubledKit();
    const alerts = sentryEvents(kit);
    kit.events.emit("queue.failure", { ...STORE, name: "tools" });
    const [event] = alerts.take();
    if (event === undefined) throw new Error("there is none");
    const { events, fetch } = receiver();
    await sendSentryEvent(event, { dsn: DSN, fetch });
    await settled();
    expect(events).toMatchObject([{ event_id: expect.stringMatching(/^[\da-f]{32}$/), message: event.message }]);
    const refused = sendSentryEvent(event, { dsn: DSN, fetch: async () => new Response(null, { status: 400 }) });
    await expect(refused).rejects.toThrow("Sentry answered 400");
    await expect(sendSentryEvent(event, { dsn: "x" })).rejects.toThrow(/sendSentryEvent\.dsn/);
  });
});

const STORE = { operation: "claim", reason: "timeout", applied: "no" } as const;

it.each([
  ["https://abc@sentry.example/42", { url: "https://sentry.example/api/42/envelope/", key: "abc" }],
  ["https://abc@sentry.example/under/42", { url: "https://sentry.example/under/api/42/envelope/", key: "abc" }],
  ["https://sentry.example/42", undefined],
  ["https://abc@sentry.example/project", undefined],
  ["ftp://abc@sentry.example/42", undefined],
  ["", undefined],
])("the DSN %j is read", (dsn, parsed) => {
  expect(parseDsn(dsn)).toEqual(parsed);
});
