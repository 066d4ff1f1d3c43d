import * as Sentry from "@sentry/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { troubledKit } from "../../sinks/troubled-kit.fixture.js";
import { sentryStandIn } from "../../testing/faulty-upstream/sentry.js";
import type { SentryEvent } from "./event.js";
import { sentry } from "./sentry.js";

async function standIn() {
  const one = await sentryStandIn();
  onTestFinished(() => one.close());
  return one;
}

/** The real SDK, sending to a stand-in. */
async function sdk() {
  const receiver = await standIn();
  Sentry.init({ dsn: receiver.dsn, defaultIntegrations: false, release: "shop@1" });
  onTestFinished(async () => {
    await Sentry.close(1_000);
    Sentry.getGlobalScope().clear();
  });
  return receiver;
}

describe("sentry by envelope", () => {
  it("sends an alert with its fingerprint, tags and what happened before", async () => {
    const receiver = await standIn();
    const { kit, open } = troubledKit();
    const sink = sentry(kit, { dsn: receiver.dsn, environment: "test", release: "shop@1" });
    kit.events.emit("knob.changed", { name: "MAX", from: 1, to: 2 });
    await open();
    await sink.flush();
    expect(receiver.events).toMatchObject([
      {
        level: "error",
        logger: "keelson",
        fingerprint: ["keelson", "shop", "breaker.open", "llm"],
        tags: { service: "shop", kind: "breaker.open", name: "llm" },
        extra: { from: "closed", to: "open" },
        breadcrumbs: [{ category: "keelson.knob.changed", message: "MAX was changed from 1 to 2" }],
        environment: "test",
        release: "shop@1",
      },
    ]);
    expect(sink.stats).toEqual({ sent: 1, dropped: 0, failed: 0, suppressed: 0 });
  });

  it("keeps its events while Sentry is busy, and sends each once", async () => {
    const receiver = await standIn();
    receiver.upstream.inject({ kind: "status", status: 503, next: 1 });
    const { kit, open } = troubledKit();
    const sink = sentry(kit, { dsn: receiver.dsn, onError: () => undefined });
    await open();
    await sink.flush();
    expect(receiver.events).toEqual([]);
    await sink.flush();
    await sink.close();
    expect([receiver.events.length, sink.stats.sent]).toEqual([1, 1]);
  });

  it("ends with the kit, and sends what was left", async () => {
    const receiver = await standIn();
    const { kit, open } = troubledKit();
    sentry(kit, { dsn: receiver.dsn });
    await open();
    await kit.close();
    expect(receiver.events).toHaveLength(1);
  });
});

describe("sentry by its SDK", () => {
  it("sends internal errors with their stack, grouped by endpoint and not by message", async () => {
    const receiver = await sdk();
    const { kit, ask, failing, clock } = troubledKit();
    const sink = sentry(kit, { client: Sentry, every: "1s" });
    failing(new RangeError("order 4711 is odd"));
    await ask("/free", { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` });
    await clock.advance(2_000);
    failing(new RangeError("order 4712 is odd"));
    await ask("/free");
    await sink.flush();
    const events = receiver.events as unknown as SentryEvent[];
    expect(events).toHaveLength(2);
    expect(events.map(({ fingerprint }) => fingerprint)).toEqual([
      ["keelson", "shop", "endpoint.internal", "free"],
      ["keelson", "shop", "endpoint.internal", "free"],
    ]);
    expect(events[0]).toMatchObject({
      level: "error",
      tags: { kind: "endpoint.internal", name: "free" },
      contexts: { trace: { trace_id: "a".repeat(32) } },
      exception: {
        values: [{ type: "RangeError", value: "order 4711 is odd", stacktrace: { frames: expect.any(Array) } }],
      },
    });
  });

  it("leaves breadcrumbs for whatever the process captures", async () => {
    const receiver = await sdk();
    const { kit, open } = troubledKit();
    const sink = sentry(kit, { client: Sentry });
    await open();
    await sink.flush();
    Sentry.captureMessage("something of the app's own");
    await sink.flush();
    expect(receiver.events).toMatchObject([
      { fingerprint: ["keelson", "shop", "breaker.open", "llm"] },
      { message: "something of the app's own", breadcrumbs: [{ category: "keelson.breaker.open" }] },
    ]);
  });

  it("takes nothing of the request that goes on meanwhile", async () => {
    const receiver = await sdk();
    const { kit, open } = troubledKit();
    const sink = sentry(kit, { client: Sentry });
    await Sentry.withIsolationScope(async (scope) => {
      scope.setUser({ id: "ada" });
      await open();
      await sink.flush();
    });
    expect(receiver.events).toHaveLength(1);
    expect(receiver.events[0]).not.toHaveProperty("user");
  });
});
