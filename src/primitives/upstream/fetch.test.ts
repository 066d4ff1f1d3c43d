import { describe, expect, it } from "vitest";
import { isKeelsonError } from "../../core/errors.js";
import type { HttpOptions, UpstreamOptions } from "./options.js";
import { UpstreamStatusError } from "./status-error.js";
import { traceparent } from "./traceparent.js";
import { caught, hang, setup } from "./upstream.fixture.js";

const URL = "https://serper.test/search";
const retry = { attempts: 3, backoff: "100ms", jitter: "none" } as const;

/** A body that knows whether it was cancelled. */
class Body extends ReadableStream<Uint8Array> {
  cancelled: boolean;
  constructor() {
    super({
      cancel: () => {
        this.cancelled = true;
      },
    });
    this.cancelled = false;
  }
}

/** An upstream over HTTP whose answers are given in order; the last one stays. */
function http(
  answers: (number | Response | Error | (() => Response | Promise<Response>))[],
  options: UpstreamOptions<never> & { http?: HttpOptions } = { retry, breaker: { minimumCalls: 5 } },
) {
  const sent: { input: unknown; init: RequestInit }[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}) => {
    sent.push({ input, init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (typeof answer === "number") return new Response(null, { status: answer });
    if (typeof answer === "function") return answer();
    if (answer instanceof Error) throw answer;
    return answer as Response;
  };
  return { ...setup({ ...options, http: { ...options.http, fetch } }), sent };
}

describe("fetch: statuses", () => {
  it.each([200, 204, 302, 304])("%i is a success", async (status) => {
    const { upstream } = http([status]);
    expect(await upstream.fetch(URL)).toMatchObject({ status });
    expect(upstream.snapshot()).toMatchObject({ successes: 1, breaker: { calls: 1, failures: 0 } });
  });

  it.each([400, 401, 404, 409, 422])("%i is handed on and counts for nothing", async (status) => {
    const { upstream, sent } = http([status]);
    expect(await upstream.fetch(URL)).toMatchObject({ status });
    expect(sent).toHaveLength(1);
    expect(upstream.snapshot()).toMatchObject({ ignored: 1, breaker: { calls: 0 } });
  });

  it.each([408, 429, 500, 502, 503, 504])("%i is a failure: tried again, then thrown", async (status) => {
    const { clock, upstream, sent } = http([status]);
    const result = caught(upstream.fetch(URL));
    await clock.advance(300);
    const error = await result;
    expect(error).toBeInstanceOf(UpstreamStatusError);
    expect(isKeelsonError(error, "upstream_bad_status")).toBe(true);
    expect(error).toMatchObject({ status: 502, source: "upstream:serper", response: { status } });
    expect(sent).toHaveLength(3);
    expect(upstream.snapshot()).toMatchObject({ failures: 1, retries: 2, breaker: { calls: 3, failures: 3 } });
    expect(clock.pending()).toBe(0);
  });

  it("cancels the bodies of responses that nobody gets", async () => {
    const bodies = [new Body(), new Body(), new Body()];
    const { clock, upstream } = http(bodies.map((body) => new Response(body, { status: 503 })));
    const result = caught(upstream.fetch(URL));
    await clock.advance(300);
    await result;
    expect(bodies.map(({ cancelled }) => cancelled)).toEqual([true, true, true]);
  });

  it("returns the last response instead where that is asked for", async () => {
    const body = new Body();
    const { clock, upstream } = http([500, new Response(body, { status: 503 })], {
      retry: { ...retry, attempts: 2 },
      http: { badStatus: "return" },
    });
    const result = upstream.fetch(URL);
    await clock.advance(100);
    expect(await result).toMatchObject({ status: 503 });
    expect(body.cancelled).toBe(false);
    expect(upstream.snapshot()).toMatchObject({ failures: 1 });
  });

  it("can be classified otherwise", async () => {
    const { upstream } = http([404], {
      classify: { response: ({ status }) => (status === 404 ? "failure" : "success") },
    });
    expect(await caught(upstream.fetch(URL))).toMatchObject({ message: 'upstream "serper" answered 404' });
  });
});

describe("fetch: Retry-After", () => {
  it.each([
    ["seconds", "2"],
    ["a date", "Thu, 01 Jan 2026 00:00:02 GMT"],
  ])("is followed as %s", async (_, value) => {
    const { clock, upstream, sent } = http([
      new Response(null, { status: 429, headers: { "retry-after": value } }),
      200,
    ]);
    const result = upstream.fetch(URL);
    await clock.advance(1999);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(await result).toMatchObject({ status: 200 });
  });

  it("is in the error that is thrown", async () => {
    const { upstream } = http([new Response(null, { status: 503, headers: { "retry-after": "90" } })], {});
    expect(await caught(upstream.fetch(URL))).toMatchObject({ retryAfterMs: 90_000 });
  });

  it("tells the breaker how long to stay open", async () => {
    const { upstream } = http([new Response(null, { status: 503, headers: { "retry-after": "20" } })], {
      breaker: { minimumCalls: 1, openFor: "1s", jitter: 0 },
    });
    await caught(upstream.fetch(URL));
    expect(upstream.snapshot().breaker).toMatchObject({ state: "open", retryAfterMs: 20_000 });
  });
});

describe("fetch: what is sent again", () => {
  const attempts = async (
    init: RequestInit,
    status: number,
    options = {},
    call = {},
    input: string | Request = URL,
  ) => {
    const { clock, upstream, sent } = http([status], { retry, ...options });
    const result = caught(upstream.fetch(input, init, call));
    await clock.advance(1000);
    await result;
    return sent.length;
  };

  it("is what is idempotent by its method", async () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "delete"]) expect(await attempts({ method }, 500)).toBe(3);
    for (const method of ["POST", "PATCH"]) expect(await attempts({ method, body: "x" }, 500)).toBe(1);
  });

  it("is what carries a key, what its caller or the upstream's options say, and what was refused", async () => {
    const post = { method: "POST", body: "x" };
    expect(await attempts({ ...post, headers: { "Idempotency-Key": "k" } }, 500)).toBe(3);
    expect(await attempts(post, 500, {}, { idempotent: true })).toBe(3);
    expect(await attempts(post, 500, { http: { idempotentMethods: ["post"] } })).toBe(3);
    expect(await attempts(post, 429)).toBe(3);
    expect(await attempts({ method: "GET" }, 500, {}, { idempotent: false })).toBe(1);
  });

  it("is never a body that can be read only once", async () => {
    const stream = () => ({ method: "PUT", body: new Blob(["x"]).stream(), duplex: "half" }) as RequestInit;
    expect(await attempts(stream(), 500)).toBe(1);
    expect(await attempts(stream(), 429)).toBe(1);
    expect(await attempts({}, 500, {}, { idempotent: true }, new Request(URL, { method: "POST", body: "x" }))).toBe(1);
    expect(await attempts({}, 500, {}, {}, new Request(URL))).toBe(3);
  });
});

describe("fetch: failures on the way", () => {
  it("makes a typed error of a network failure", async () => {
    const cause = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    const { clock, upstream, sent } = http([cause]);
    const result = caught(upstream.fetch(URL));
    await clock.advance(300);
    expect(await result).toMatchObject({
      code: "upstream_failed",
      message: 'upstream "serper": fetch failed: connect ECONNREFUSED',
      cause,
    });
    expect(sent).toHaveLength(3);
  });

  it("doesn't blame the callee for a request that could never be sent", async () => {
    const { upstream } = setup({ retry, breaker: { minimumCalls: 1 } });
    expect(await caught(upstream.fetch("https://"))).toBeInstanceOf(TypeError);
    expect(await caught(upstream.fetch(URL, { headers: { "not a name": "x" } }))).toBeInstanceOf(TypeError);
    expect(upstream.snapshot()).toMatchObject({ failures: 0, retries: 0, breaker: { calls: 0 } });
  });

  it("gives up a request whose headers don't come, and aborts it", async () => {
    const { clock, upstream, sent } = http([() => hang() as never, 200], { attemptTimeout: "1s", retry });
    const result = upstream.fetch(URL);
    await clock.advance(1100);
    expect(await result).toMatchObject({ status: 200 });
    expect(sent[0]?.init.signal?.reason).toMatchObject({ code: "upstream_timeout" });
    expect(sent[1]?.init.signal?.aborted).toBe(false);
  });

  it("cancels the body of a response that comes after its time", async () => {
    const body = new Body();
    const { clock, upstream } = http(
      [() => new Promise((resolve) => clock.alarm(2000, () => resolve(new Response(body)), "background"))],
      { attemptTimeout: "1s" },
    );
    const result = caught(upstream.fetch(URL));
    await clock.advance(2000);
    expect(await result).toMatchObject({ code: "upstream_timeout" });
    expect(body.cancelled).toBe(true);
  });

  it("listens to the signal of a Request", async () => {
    const { upstream } = http([() => hang() as never], {});
    const caller = new AbortController();
    const result = caught(upstream.fetch(new Request(URL, { signal: caller.signal })));
    caller.abort("left");
    expect(await result).toBe("left");
  });

  it("bounds the body only where that is asked for", async () => {
    const { clock, upstream, sent } = http([() => new Response(new Body())], { http: { bodyTimeout: "5s" } });
    await upstream.fetch(URL);
    expect(clock.pending("held")).toBe(0);
    await clock.advance(4999);
    expect(sent[0]?.init.signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(sent[0]?.init.signal?.reason).toMatchObject({ code: "upstream_timeout" });
  });
});

describe("fetch: tracing", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

  it("hands the trace on where no other is named", async () => {
    const { upstream, sent } = http([200], {});
    await upstream.fetch(URL, { headers: { accept: "application/json" } }, { context: { traceId } });
    await upstream.fetch(URL, { headers: { traceparent: "mine" } }, { context: { traceId } });
    await upstream.fetch(URL, undefined, { context: { tenant: "acme" } });
    const headers = sent.map(({ init }) => new Headers(init.headers));
    expect(headers[0]?.get("traceparent")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{15}[1-9a-f]-01$`));
    expect(headers[0]?.get("accept")).toBe("application/json");
    expect(headers[1]?.get("traceparent")).toBe("mine");
    expect(headers[2]?.has("traceparent")).toBe(false);
  });

  it("names the caller's span, where that is known, for somebody keeps it", async () => {
    const { upstream, sent } = http([200], {});
    await upstream.fetch(URL, {}, { context: { traceId, spanId: "00f067aa0ba902b7" } });
    await upstream.fetch(URL, {}, { context: { traceId, spanId: "no span" } });
    const headers = sent.map(({ init }) => new Headers(init.headers).get("traceparent"));
    expect(headers[0]).toBe(`00-${traceId}-00f067aa0ba902b7-01`);
    expect(headers[1]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{15}[1-9a-f]-01$`));
  });

  it("names no trace that the standard doesn't allow", () => {
    expect(traceparent({}, () => 0)).toBeUndefined();
    expect(traceparent({ traceId: "0".repeat(32) }, () => 0)).toBeUndefined();
    expect(traceparent({ traceId: "XYZ" }, () => 0)).toBeUndefined();
    expect(traceparent({ traceId }, () => 0)).toBe(`00-${traceId}-0000000000000001-01`);
  });
});

describe("fetch: options", () => {
  it("are refused by name where they are wrong", () => {
    const wrong = (http: unknown) => () => setup({ http: http as never });
    expect(wrong({ badStatus: "ignore" })).toThrow('upstream("serper").http.badStatus');
    expect(wrong({ fetch: 1 })).toThrow('upstream("serper").http.fetch');
    expect(wrong({ retries: 1 })).toThrow('upstream("serper").http.retries');
    expect(wrong({ bodyTimeout: 0 })).toThrow('upstream("serper").http.bodyTimeout');
  });
});
