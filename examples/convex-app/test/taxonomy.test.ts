import { internalMutationGeneric } from "convex/server";
import { type ErrorCode, taxonomy } from "keelson";
import { whatsAppWebhook } from "keelson/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { streamProblem } from "../convex/lib/httpErrors";
import { loaded } from "../serve/deployment.js";
import { eventsOf, type Fresh, harness, ORIGIN, refusal } from "./harness.js";

const app = harness({
  BREAKER_MINIMUM_CALLS: "4",
  BULKHEAD_OPENROUTER_MAX: "1",
  BULKHEAD_WAIT_MS: "100",
  HTTP_BODY_TIMEOUT_MS: "100",
  OPENROUTER_ATTEMPT_TIMEOUT_MS: "300",
  OPENROUTER_TIMEOUT_MS: "1000",
  RATE_LIMIT_CHAT_MAX: "4",
  SERPER_TIMEOUT_MS: "3000",
  TOOL_JOB_MAX_ATTEMPTS: "1",
  TOOL_JOB_QMAX_WEB: "1",
  TOOL_JOB_TTL_MS: "1000",
  TOOL_JOB_WAIT_MS: "1500",
});

const JSON_TYPE = { "content-type": "application/json" };

type Fault = Parameters<typeof app.standIns.serper.inject>[0];

function broken(which: "openRouter" | "serper", fault: Fault) {
  const upstream = app.standIns[which];
  onTestFinished(() => upstream.clear());
  return upstream.inject(fault);
}

/** The code of a problem response, whose status has to be the code's own. */
async function problem(asked: Promise<Response>): Promise<string> {
  const answer = await asked;
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const { code, status } = (await answer.json()) as { code: ErrorCode; status: number };
  expect([status, answer.status]).toEqual([taxonomy[code].status, taxonomy[code].status]);
  return code;
}

/** The code of the error that a stream has ended with. */
async function streamed({ chat }: Fresh, message = "a keel"): Promise<unknown> {
  return (await eventsOf(await chat("ada", { message }))).at(-1)?.data.code;
}

/** Why a search could not be had, in a turn that went on without it. */
async function missing(chat: Promise<Response>): Promise<unknown> {
  const events = await eventsOf(await chat);
  expect(events.at(-1)).toMatchObject({ event: "done", data: { missing: ["search_web"] } });
  return events.find(({ event, data }) => event === "tool" && data.state === "missing")?.data.code;
}

/** The id of the job that a turn has enqueued. */
function enqueued({ rows }: Fresh): Promise<string> {
  return vi.waitFor(async () => {
    const [job] = await rows("toolJobs");
    if (job === undefined) throw new Error("there is no job yet");
    return String(job.jobId);
  });
}

/** The app whose worker never comes. */
async function withoutWorkers(): Promise<Fresh> {
  const real = await loaded<object>(app.modules, "toolJobs");
  const processQueue = internalMutationGeneric(() => null);
  return app.fresh({ "./toolJobs.ts": () => Promise.resolve({ ...real, processQueue }) });
}

/** How each code of the taxonomy comes about in this app. (`Record`: one that is new has to be added.) */
const REACHED: Readonly<Record<ErrorCode, (fresh: Fresh) => Promise<unknown>>> = {
  validation: ({ chat }) => problem(chat("ada", { message: " " })),
  invalid_json: ({ chat }) => problem(chat("ada", '{"message":')),
  unsupported_media_type: ({ chat }) => problem(chat("ada", "hello", { "content-type": "text/plain" })),
  payload_too_large: ({ chat }) => problem(chat("ada", { message: "x".repeat(20_000) })),
  uri_too_long: ({ t }) => problem(t.fetch(`/api/gmail/auth/callback?state=s&code=${"x".repeat(5_000)}`)),
  request_timeout: ({ t }) => {
    const body = new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode('{"mess')) });
    const init = { method: "POST", headers: { ...JSON_TYPE, origin: ORIGIN }, body, duplex: "half" };
    return problem(t.withIdentity({ subject: "ada" }).fetch("/api/chat", init as RequestInit));
  },
  unauthenticated: ({ t }) =>
    problem(t.fetch("/api/chat", { method: "POST", headers: { ...JSON_TYPE, origin: ORIGIN }, body: "{}" })),
  forbidden: ({ chat }) => problem(chat("ada", { message: "hi" }, { origin: "https://evil.example" })),
  not_found: ({ chat }) => problem(chat("ada", { message: "hi", thread: "nobody's" })),
  method_not_allowed: ({ t }) => problem(t.fetch("/api/chat", { method: "DELETE" })),
  conflict: async ({ t, chat }) => {
    const thread = await t.withIdentity({ subject: "ada" }).mutation(api.threads.create, { title: "full" });
    await t.run(({ db }) => db.patch(thread as never, { turns: 200 } as never));
    return problem(chat("ada", { message: "hi", thread }));
  },
  idempotency_mismatch: async ({ chat }) => {
    const key = { "idempotency-key": "k1" };
    await (await chat("ada", { message: "a keel" }, key)).text();
    return problem(chat("ada", { message: "a mast" }, key));
  },
  rate_limit: async ({ chat }) => {
    for (let n = 0; n < 4; n++) await (await chat("ada", { message: "a keel" })).text();
    return problem(chat("ada", { message: "a keel" }));
  },
  queue_saturated: async () => {
    const fresh = await withoutWorkers();
    await fresh.t.mutation(internal.toolJobs.enqueue, { owner: "ada", tool: "search_web", q: "masts" });
    return missing(fresh.chat("ada", { message: "a keel" }));
  },
  job_failed: ({ chat }) => {
    broken("serper", { kind: "status", status: 400 });
    return missing(chat("ada", { message: "a keel" }));
  },
  job_dead: ({ chat }) => {
    broken("serper", { kind: "status", status: 500 });
    return missing(chat("ada", { message: "a keel" }));
  },
  job_timeout: async () => missing((await withoutWorkers()).chat("ada", { message: "a keel" })),
  job_expired: async () => {
    const fresh = await withoutWorkers();
    const turn = missing(fresh.chat("ada", { message: "a keel" }));
    await enqueued(fresh);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_001 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await fresh.t.action(internal.toolJobs.claimNext, {})).toBeNull();
    return turn;
  },
  job_cancelled: async () => {
    const fresh = await withoutWorkers();
    const turn = missing(fresh.chat("ada", { message: "a keel" }));
    expect(await fresh.t.mutation(internal.toolJobs.cancel, { id: await enqueued(fresh) })).toBe("cancelled");
    return turn;
  },
  upstream_timeout: (fresh) => {
    broken("openRouter", { kind: "hang" });
    return streamed(fresh);
  },
  upstream_circuit_open: async (fresh) => {
    broken("openRouter", { kind: "status", status: 500 });
    for (let n = 0; n < 2; n++) await streamed(fresh);
    return streamed(fresh);
  },
  upstream_bulkhead_full: async ({ chat }) => {
    const held = broken("openRouter", { kind: "hold" });
    const before = app.standIns.openRouter.counts().requests;
    const first = chat("ada", { message: "a keel" });
    await vi.waitFor(() => expect(app.standIns.openRouter.counts().requests).toBe(before + 1));
    const [last] = (await eventsOf(await chat("bob", { message: "a keel" }))).slice(-1);
    held.remove();
    expect((await eventsOf(await first)).at(-1)?.event).toBe("done");
    return last?.data.code;
  },
  upstream_bad_status: (fresh) => {
    broken("openRouter", { kind: "status", status: 500 });
    return streamed(fresh);
  },
  upstream_failed: (fresh) => {
    broken("openRouter", { kind: "garbage" });
    return streamed(fresh);
  },
  unavailable: ({ t }) => {
    app.standIns.whatsApp.upstream.inject({ kind: "status", status: 400 });
    onTestFinished(() => app.standIns.whatsApp.upstream.clear());
    const secret = app.standIns.env.WHATSAPP_APP_SECRET ?? "";
    const webhook = whatsAppWebhook({ secret, messages: [{ from: "15551230000", text: "hello" }] });
    return problem(t.fetch("/api/whatsapp/webhook", { method: "POST", ...webhook }));
  },
  // Nobody is there any more to be told: the log is.
  aborted: async ({ chat, rows }) => {
    const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);
    onTestFinished(() => logged.mockRestore());
    const held = broken("openRouter", { kind: "hold" });
    const answer = await chat("ada", { message: "a keel" });
    await answer.body?.cancel();
    held.remove();
    const code = await vi.waitFor(() => {
      const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
      const failed = lines.find(({ type }) => type === "stream.failed");
      if (failed === undefined) throw new Error("it has not ended yet");
      return failed.code;
    });
    expect(await rows("streamSessions")).toMatchObject([{ status: "failed" }]);
    return code;
  },
  internal: async () => {
    const real = await loaded<object>(app.modules, "messages");
    const ask = internalMutationGeneric(() => {
      throw new TypeError("secret detail: a mistake of ours");
    });
    const { chat } = await app.fresh({ "./messages.ts": () => Promise.resolve({ ...real, ask }) });
    const answer = await chat("ada", { message: "a keel" });
    expect(await answer.clone().text()).not.toContain("secret detail");
    return problem(Promise.resolve(answer));
  },
};

describe("each code of the taxonomy", () => {
  it.each(Object.keys(taxonomy) as ErrorCode[])("comes about as what it is: %s", async (code) => {
    expect(await REACHED[code](await app.fresh())).toBe(code);
  });

  it("is that of a function's error, too", async () => {
    const { t } = await app.fresh();
    const refused = await refusal(t.query(api.threads.list, {}));
    expect(refused).toMatchObject({ code: "unauthenticated", category: taxonomy.unauthenticated.category });
  });

  it("is all that a stream tells of a mistake of ours", () => {
    expect(streamProblem(new TypeError("secret detail"))).toEqual({
      code: "internal",
      title: taxonomy.internal.title,
    });
  });
});
