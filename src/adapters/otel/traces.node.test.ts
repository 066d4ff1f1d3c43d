import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  ATTR_ERROR_TYPE,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_MESSAGE_ID,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM,
  MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
} from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { unlimited } from "../../boundary/declare.js";
import { KeelsonError } from "../../core/errors.js";
import { settled } from "../../testing/manual-clock.js";
import { kitIds } from "./ids.js";
import { observed } from "./otel.fixture.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = { traceId: TRACE, spanId: "b7ad6b7169203331" };
const HEADERS = { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` };

const parentOf = (span: ReadableSpan | undefined) => span?.parentSpanContext?.spanId;
const idsOf = (span: ReadableSpan | undefined) => {
  const { traceId, spanId } = span?.spanContext() ?? {};
  return { traceId, spanId };
};

/** Spans whose parent nobody has exported. */
function orphans(spans: readonly ReadableSpan[]): readonly ReadableSpan[] {
  const known = new Set(spans.map((span) => span.spanContext().spanId));
  return spans.filter((span) => span.parentSpanContext && !known.has(span.parentSpanContext.spanId));
}

describe("a trace in OpenTelemetry", () => {
  it.each([
    ["with the kit's ids", kitIds()],
    ["with the SDK's own", null],
  ])("that begins with a request has a first span without a parent, %s", async (_, ids) => {
    const { ask, sink, spans } = observed({ sample: 1 }, ids);
    await ask("/api/chat/4711");
    await sink.flush();
    const [inner, outer] = spans();
    expect([inner?.name, outer?.name]).toEqual(["upstream llm", "GET /api/chat/:id"]);
    expect(outer?.parentSpanContext).toBeUndefined();
    expect(parentOf(inner)).toBe(outer?.spanContext().spanId);
    expect(orphans(spans())).toEqual([]);
  });

  it("that came with the request goes on within the caller's span", async () => {
    const { ask, sink, spans } = observed({ sample: 1 });
    await ask("/api/chat/4711", HEADERS);
    await sink.flush();
    const [inner, outer] = spans();
    expect(outer?.parentSpanContext).toMatchObject({ ...CALLER, isRemote: true });
    expect(parentOf(inner)).toBe(outer?.spanContext().spanId);
    expect(outer?.spanContext().spanId).not.toBe(CALLER.spanId);
  });

  it("of a request that is shed goes on within the caller's span", async () => {
    const { kit, sink, spans } = observed();
    const context = { traceId: TRACE };
    kit.events.emit("endpoint.settled", { name: "free", status: 503, durationMs: 0, context, caller: CALLER });
    await sink.flush();
    expect(spans()[0]?.parentSpanContext).toMatchObject(CALLER);
  });

  it("has the ids that handlers, logs and upstreams know it by", async () => {
    const { kit, ask, sink, spans } = observed({ sample: 1 });
    const contexts: unknown[] = [];
    kit.events.on("upstream.settled", ({ context }) => contexts.push(context));
    await ask("/api/chat/1");
    await ask("/api/chat/2", HEADERS);
    await sink.flush();
    const outer = spans().filter(({ kind }) => kind === SpanKind.SERVER);
    expect(outer.map(idsOf)).toMatchObject(contexts.map((context) => idsIn(context)));
    expect(spans().some(({ attributes }) => "keelson.trace_id" in attributes)).toBe(false);
  });

  it("names the kit's trace where the SDK has called it by another name", async () => {
    const { kit, ask, sink, spans } = observed({ sample: 1 }, null);
    const contexts: unknown[] = [];
    kit.events.on("upstream.settled", ({ context }) => contexts.push(context));
    await ask("/api/chat/1");
    await sink.flush();
    const [inner, outer] = spans();
    expect(outer?.attributes["keelson.trace_id"]).toBe(idsIn(contexts[0]).traceId);
    expect(inner?.spanContext().traceId).toBe(outer?.spanContext().traceId);
    expect(outer?.spanContext().traceId).not.toBe(idsIn(contexts[0]).traceId);
  });

  it("has the calls of each request within that, although two are in one trace", async () => {
    const { ask, sink, spans } = observed({ sample: 1 });
    await Promise.all([ask("/api/chat/1", HEADERS), ask("/api/chat/2", HEADERS)]);
    await sink.flush();
    const outer = spans().filter(({ kind }) => kind === SpanKind.SERVER);
    const inner = spans().filter(({ kind }) => kind === SpanKind.INTERNAL);
    expect(new Set(inner.map(parentOf))).toEqual(new Set(outer.map((span) => span.spanContext().spanId)));
    expect(inner.length).toBe(2);
  });

  it("has a boundary that was called with a request's context within that", async () => {
    const { kit, sink, spans } = observed({ sample: 1 });
    const context = { traceId: TRACE, spanId: TRACE.slice(16) };
    kit.events.emit("endpoint.settled", { name: "not an endpoint", status: 200, durationMs: 1, context });
    kit.events.emit("endpoint.settled", { name: "free", status: 200, durationMs: 2, context });
    await sink.flush();
    const [inner, outer] = spans();
    expect([inner?.name, outer?.name]).toEqual(["boundary not an endpoint", "GET /free"]);
    expect([parentOf(inner), idsOf(outer)]).toEqual([context.spanId, context]);
  });

  it("has no parent for calls whose request doesn't end", async () => {
    const { kit, sink, spans } = observed({ sample: 1 });
    const call = { name: "llm", outcome: "success", durationMs: 1, attempts: 1 } as const;
    kit.events.emit("upstream.settled", { ...call, context: { traceId: TRACE, spanId: "b".repeat(16) } });
    kit.events.emit("upstream.settled", { ...call, context: { traceId: "no trace" } });
    await sink.close();
    expect(spans().map((span) => [span.parentSpanContext, span.attributes["keelson.trace_id"]])).toEqual([
      [undefined, undefined],
      [undefined, "no trace"],
    ]);
    expect(spans()[0]?.spanContext().traceId).toBe(TRACE);
  });

  it("leaves ids to chance for all other spans", () => {
    const { tracerProvider } = observed({ sample: 1 });
    const tracer = tracerProvider.getTracer("app");
    const ids = Array.from({ length: 3 }, () => tracer.startSpan("the app's own").spanContext());
    expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(3);
    expect(ids.every(({ traceId, spanId }) => /^[\da-f]{32}$/.test(traceId) && /^[\da-f]{16}$/.test(spanId))).toBe(
      true,
    );
  });
});

function idsIn(context: unknown): { traceId: string; spanId: string } {
  const { traceId, spanId } = context as { traceId: string; spanId: string };
  return { traceId, spanId };
}

describe("runs of jobs in OpenTelemetry", () => {
  /** A kit with a queue whose jobs end as they are told to. */
  function working(sample: number, ids?: null) {
    const one = observed({ sample }, ids);
    const ends: unknown[] = [];
    const queue = one.kit.queue("tools", {
      retry: { base: "1s" },
      jobs: {
        search: one.kit.job({
          input: z.object({ n: z.number() }),
          attempts: 2,
          run: async (_, { context }) => {
            await one.llm.run(() => "hello", { context });
            const error = ends.shift();
            if (error !== undefined) throw error;
          },
        }),
      },
    });
    const work = async (...errors: unknown[]) => {
      ends.push(...errors);
      await one.clock.advance(1);
      const worker = queue.process();
      for (let n = 0; n < 4; n++) {
        await one.clock.advance(5_000);
        await settled();
      }
      await worker.drain();
      await one.sink.flush();
    };
    return { ...one, queue, work };
  }

  it("are a consumer's spans, linked to the span that enqueued them, with their upstreams within", async () => {
    const { kit, queue, work, spans } = working(1);
    const { id } = await queue.enqueue("search", { n: 1 }, { context: CALLER });
    await work();
    const [inner, outer] = spans();
    expect(outer).toMatchObject({
      name: "process tools",
      kind: SpanKind.CONSUMER,
      status: { code: SpanStatusCode.UNSET },
    });
    expect(outer?.attributes).toEqual({
      [ATTR_MESSAGING_SYSTEM]: "keelson",
      [ATTR_MESSAGING_OPERATION_NAME]: "process",
      [ATTR_MESSAGING_OPERATION_TYPE]: MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
      [ATTR_MESSAGING_DESTINATION_NAME]: "tools",
      [ATTR_MESSAGING_MESSAGE_ID]: id,
      "keelson.tool": "search",
      "keelson.attempt": 1,
      "keelson.outcome": "succeeded",
    });
    expect(outer?.parentSpanContext).toBeUndefined();
    expect(outer?.links).toMatchObject([{ context: CALLER }]);
    expect([inner?.name, parentOf(inner)]).toEqual(["upstream llm", outer?.spanContext().spanId]);
    expect(orphans(spans())).toEqual([]);
    await kit.close();
  });

  it("are linked to the request's own span, and in its trace where the ids are the kit's", async () => {
    const { kit, queue, work, spans, ask } = working(1);
    kit.endpoint({
      name: "enqueues",
      method: "GET",
      path: "/enqueues",
      auth: () => "ada",
      limits: unlimited("a test"),
      handler: ({ context }) => queue.enqueue("search", { n: 1 }, { context }),
    });
    expect((await ask("/enqueues")).status).toBe(200);
    await work();
    const request = spans().find(({ kind }) => kind === SpanKind.SERVER);
    const run = spans().find(({ kind }) => kind === SpanKind.CONSUMER);
    expect(run?.links).toMatchObject([{ context: idsOf(request) }]);
    expect(run?.spanContext().traceId).toBe(request?.spanContext().traceId);
    expect(run?.parentSpanContext).toBeUndefined();
  });

  it("have no link where nobody knows what enqueued them, and a trace of their own with the SDK's ids", async () => {
    const { queue, work, spans } = working(1, null);
    await queue.enqueue("search", { n: 1 });
    await queue.enqueue("search", { n: 2 }, { context: { traceId: "t", spanId: "no span" } });
    await work();
    const runs = spans().filter(({ kind }) => kind === SpanKind.CONSUMER);
    expect(runs.map(({ links }) => links)).toEqual([[], []]);
    expect(new Set(runs.map((run) => run.spanContext().traceId)).size).toBe(2);
    expect(orphans(spans())).toEqual([]);
  });

  it("are always kept when they fail, each attempt, with what it failed by", async () => {
    const { queue, work, spans } = working(0);
    await queue.enqueue("search", { n: 1 }, { context: CALLER });
    await work(new TypeError("no"), new KeelsonError("unavailable", "not now"));
    expect(spans().map(({ attributes, status }) => ({ ...attributes, code: status.code }))).toMatchObject([
      {
        "keelson.attempt": 1,
        "keelson.outcome": "retried",
        [ATTR_ERROR_TYPE]: "TypeError",
        code: SpanStatusCode.ERROR,
      },
      { "keelson.attempt": 2, "keelson.outcome": "dead", [ATTR_ERROR_TYPE]: "unavailable", code: SpanStatusCode.ERROR },
    ]);
    expect(spans().map(({ events }) => events[0]?.attributes?.["exception.message"])).toEqual(["no", "not now"]);
    expect(new Set(spans().map((span) => span.spanContext().spanId)).size).toBe(2);
  });

  it("tell what became of those that nobody is to blame for, and of a lost lease", async () => {
    const { kit, sink, spans } = observed({ sample: 1 });
    const run = { name: "tools", tool: "search", id: "1", attempt: 1, durationMs: 5 };
    kit.events.emit("job.cancelled", run);
    kit.events.emit("job.released", { ...run, reason: "the worker stopped" });
    kit.events.emit("job.lost", run);
    kit.events.emit("job.failed", { ...run, error: "a text" });
    await sink.flush();
    const { UNSET, ERROR } = SpanStatusCode;
    expect(
      spans().map(({ attributes, status }) => [attributes["keelson.outcome"], attributes["error.type"], status.code]),
    ).toEqual([
      ["cancelled", undefined, UNSET],
      ["released", undefined, UNSET],
      ["lost", "lost", ERROR],
      ["failed", "_OTHER", ERROR],
    ]);
  });
});
