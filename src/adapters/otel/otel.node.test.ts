import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import * as semconv from "@opentelemetry/semantic-conventions";
import { describe, expect, it, onTestFinished } from "vitest";
import { unlimited } from "../../boundary/declare.js";
import { troubledKit } from "../../sinks/troubled-kit.fixture.js";
import { observed, sdk } from "./otel.fixture.js";
import { otel } from "./otel.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const HEADERS = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

describe("metrics for OpenTelemetry", () => {
  it("have requests by the semantic conventions", async () => {
    const { ask, failing, sink, metric, clock, kit } = observed();
    kit.events.on("endpoint.settled", () => undefined);
    await ask("/api/chat/4711");
    failing(new Error("a slip"));
    await ask("/api/chat/4712");
    await clock.advance(0);
    await sink.flush();
    const found = metric(semconv.METRIC_HTTP_SERVER_REQUEST_DURATION);
    expect(found?.descriptor.unit).toBe("s");
    const common = {
      [semconv.ATTR_HTTP_REQUEST_METHOD]: "GET",
      [semconv.ATTR_HTTP_ROUTE]: "/api/chat/:id",
      [semconv.ATTR_URL_SCHEME]: "http",
    };
    expect(found?.dataPoints.map(({ attributes }) => attributes)).toEqual([
      { ...common, [semconv.ATTR_HTTP_RESPONSE_STATUS_CODE]: 200 },
      { ...common, [semconv.ATTR_HTTP_RESPONSE_STATUS_CODE]: 500, [semconv.ATTR_ERROR_TYPE]: "internal" },
    ]);
    expect(found?.dataPoints[0]?.value).toMatchObject({
      count: 1,
      buckets: { boundaries: expect.arrayContaining([0.005, 10]) },
    });
  });

  it("have everything else under names of their own", async () => {
    const { open, sink, metrics, metric, turns, kit } = observed();
    const twice = kit.boundary(
      { name: "twice", input: (await import("zod")).z.number(), auth: () => "ada", limits: unlimited("a test") },
      (n) => n * 2,
    );
    await twice(2);
    await open();
    await turns.check("a");
    await sink.flush();
    const names = metrics().map(({ descriptor }) => descriptor.name);
    expect(names.filter((name) => !name.startsWith("keelson."))).toEqual([]);
    expect(metric("keelson.boundary.duration")?.dataPoints[0]?.attributes).toEqual({ "keelson.name": "twice" });
    const failed = metric("keelson.upstream.duration")?.dataPoints.find(
      (point) => point.attributes["error.type"] === "failure",
    );
    expect(failed?.attributes).toEqual({
      "keelson.name": "llm",
      "keelson.outcome": "failure",
      "error.type": "failure",
    });
    expect(metric("keelson.limiter.decisions")?.dataPoints).toContainEqual(
      expect.objectContaining({ attributes: { "keelson.name": "turns", "keelson.decision": "allowed" }, value: 1 }),
    );
    const open1 = metric("keelson.breaker.state")?.dataPoints.find(
      (point) => point.attributes["keelson.state"] === "open",
    );
    expect(open1?.value).toBe(1);
  });

  it("tell so many names apart", async () => {
    const { kit, sink, metric } = observed({ maxNames: 2 });
    for (let n = 0; n < 9; n++)
      kit.events.emit("upstream.settled", { name: `u${n}`, outcome: "success", durationMs: 1, attempts: 1 });
    await sink.flush();
    const points = metric("keelson.upstream.duration")?.dataPoints ?? [];
    expect(points.map(({ attributes }) => attributes["keelson.name"])).toEqual(["u0", "u1", "other"]);
  });
});

describe("spans for OpenTelemetry", () => {
  it("are in the caller's trace, those of upstreams within the request's", async () => {
    const { ask, sink, spans } = observed({ sample: 1 });
    await ask("/api/chat/4711", HEADERS);
    await sink.flush();
    const [inner, outer] = spans();
    expect(outer).toMatchObject({
      name: "GET /api/chat/:id",
      kind: SpanKind.SERVER,
      attributes: { [semconv.ATTR_HTTP_ROUTE]: "/api/chat/:id", [semconv.ATTR_HTTP_RESPONSE_STATUS_CODE]: 200 },
    });
    expect(inner).toMatchObject({
      name: "upstream llm",
      kind: SpanKind.INTERNAL,
      parentSpanContext: { spanId: outer?.spanContext().spanId },
      attributes: { "keelson.outcome": "success", "keelson.attempts": 1 },
    });
    expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
  });

  it("last as long as the call did", async () => {
    const { kit, sink, spans, clock } = observed({ sample: 1 });
    await clock.advance(5_000);
    kit.events.emit("upstream.settled", { name: "llm", outcome: "success", durationMs: 1234.5, attempts: 1 });
    await sink.flush();
    const [span] = spans();
    expect(span?.endTime).toEqual([clock.wall() / 1000, 0]);
    expect(span?.duration).toEqual([1, 234_500_000]);
  });

  it("are always made of failures, and of a share of the others", async () => {
    const { kit, ask, failing, sink, spans } = observed({ sample: 0 });
    kit.events.on("endpoint.settled", () => undefined);
    await ask("/free", HEADERS);
    failing(new Error("a slip"));
    await ask("/free", HEADERS);
    kit.events.emit("endpoint.settled", { name: "free", status: 200, durationMs: 1_000, context: { traceId: TRACE } });
    await sink.flush();
    expect(spans().map(({ status, attributes }) => [status.code, attributes["http.response.status_code"]])).toEqual([
      [SpanStatusCode.ERROR, 500],
      [SpanStatusCode.UNSET, 200],
    ]);
    expect(spans()[0]?.events).toMatchObject([{ name: "exception", attributes: { "exception.message": "a slip" } }]);
  });

  it("keep the trace that a failure is in, although the request went well", async () => {
    const { kit, sink, spans } = observed({ sample: 0 });
    const call = { context: { traceId: TRACE }, durationMs: 1 };
    kit.events.emit("upstream.settled", { ...call, name: "llm", outcome: "failure", attempts: 3 });
    kit.events.emit("endpoint.settled", { ...call, name: "chat", status: 200 });
    kit.events.emit("endpoint.settled", { ...call, name: "chat", status: 200 });
    await sink.flush();
    expect(spans().map(({ name }) => name)).toEqual(["upstream llm", "GET /api/chat/:id"]);
  });

  it("sample by the trace's id, as other services do", async () => {
    const { kit, sink, spans } = observed({ sample: 0.5 });
    for (const end of ["00000000", "7fffffff", "80000000", "ffffffff"])
      kit.events.emit("endpoint.settled", {
        name: "free",
        status: 200,
        durationMs: 1,
        context: { traceId: `${"a".repeat(24)}${end}` },
      });
    await sink.flush();
    expect(spans().map((span) => span.spanContext().traceId.slice(-8))).toEqual(["00000000", "7fffffff"]);
  });

  it("are made of upstreams whose request doesn't end, after a minute or at the close", async () => {
    const { kit, sink, spans, clock } = observed({ sample: 1 });
    const emit = (traceId: string) =>
      kit.events.emit("upstream.settled", {
        name: "llm",
        outcome: "success",
        durationMs: 1,
        attempts: 1,
        context: { traceId },
      });
    emit("a".repeat(32));
    await clock.advance(60_001);
    expect(spans().length).toBe(0);
    emit("b".repeat(32));
    await clock.advance(500);
    expect(spans().map((span) => span.spanContext().traceId)).toEqual(["a".repeat(32)]);
    await sink.close();
    expect(spans().length).toBe(2);
  });

  it("are within the span that is active, and sampled as that is", async () => {
    const storage = new AsyncLocalStorage<Context>();
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, fn, self, ...args) => storage.run(active, () => fn.call(self as never, ...args)),
      bind: (_, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    onTestFinished(() => context.disable());
    const { ask, sink, spans, tracerProvider } = observed({ sample: 0 });
    const span = tracerProvider.getTracer("app").startSpan("the framework's own");
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => ask("/free"));
    const unsampled = { traceId: TRACE, spanId: "b7ad6b7169203331", traceFlags: 0 };
    await context.with(trace.setSpanContext(ROOT_CONTEXT, unsampled), () => ask("/free"));
    await sink.flush();
    expect(spans()).toMatchObject([
      { name: "GET /free", kind: SpanKind.INTERNAL, parentSpanContext: { spanId: span.spanContext().spanId } },
    ]);
  });
});

describe("a sink for OpenTelemetry", () => {
  it("touches no request when providers throw", async () => {
    const errors: unknown[] = [];
    const broken = () => {
      throw new Error("broken");
    };
    const { kit, ask, clock } = troubledKit();
    const one = sdk();
    const meter = one.meterProvider.getMeter("x");
    const sink = otel(kit, {
      meterProvider: {
        getMeter: () => Object.assign(Object.create(meter), { createHistogram: () => ({ record: broken }) }),
      },
      tracerProvider: { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) },
      sample: 1,
      onError: (error) => errors.push(error),
    });
    expect((await ask("/free")).status).toBe(200);
    await clock.advance(1_000);
    expect(errors).toEqual([new Error("broken"), new Error("broken")]);
    expect(sink.stats.failed).toBe(1);
  });

  it("flushes and closes in time although providers never do", async () => {
    const { kit, clock } = troubledKit();
    const { meterProvider, tracerProvider } = sdk();
    meterProvider.forceFlush = () => new Promise(() => undefined);
    otel(kit, { meterProvider, tracerProvider });
    let closed = false;
    void kit.close().then(() => {
      closed = true;
    });
    await clock.advance(2_000);
    expect(closed).toBe(true);
  });

  it("hands over what is left when the kit closes, and stops observing", async () => {
    const { kit, ask, metric, spans } = observed({ sample: 1 });
    await ask("/free");
    await kit.close();
    expect([spans().length, metric("http.server.request.duration")?.dataPoints.length]).toEqual([1, 1]);
    expect(kit.events.wants("endpoint.settled")).toBe(false);
  });

  it("goes nowhere by itself where there is no SDK", async () => {
    const { kit, ask } = troubledKit();
    const sink = otel(kit);
    expect((await ask("/free")).status).toBe(200);
    await sink.close();
    expect(sink.stats.failed).toBe(0);
  });

  it.each<[wrong: object, message: RegExp]>([
    [{ sample: 2 }, /otel\.sample: got 2/],
    [{ slow: "soon" }, /otel\.slow/],
    [{ scheme: "ftp" }, /otel\.scheme/],
    [{ maxNames: 0 }, /otel\.maxNames/],
    [{ meter: 1 }, /otel\.meter/],
  ])("refuses the options %j", (wrong, message) => {
    expect(() => otel(troubledKit().kit, wrong)).toThrow(message);
  });
});
