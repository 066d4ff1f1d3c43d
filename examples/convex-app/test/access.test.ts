import { makeFunctionReference } from "convex/server";
import { describe, expect, it } from "vitest";
import { type Fresh, harness, refusal } from "./harness.js";

const app = harness();

/** What one user has. */
interface Rows {
  readonly thread: string;
  readonly message: string;
  readonly session: string;
  readonly favorite: string;
  readonly parcel: string;
  readonly evidence: string;
}

/** How another user tries each public function on ada's rows; `own`: it has no rows but the caller's. */
const ATTEMPTS: Readonly<Record<string, ((rows: Rows) => Record<string, unknown>) | "own" | "operators">> = {
  "threads:list": "own",
  "threads:get": ({ thread }) => ({ id: thread }),
  "threads:create": "own",
  "threads:rename": ({ thread }) => ({ id: thread, title: "mine" }),
  "threads:remove": ({ thread }) => ({ id: thread }),
  "messages:list": ({ thread }) => ({ thread }),
  "messages:remove": ({ message }) => ({ id: message }),
  "streamSessions:latest": ({ thread }) => ({ thread }),
  "streamSessions:stop": ({ session }) => ({ id: session }),
  "favorites:list": "own",
  "favorites:add": "own",
  "favorites:remove": ({ favorite }) => ({ id: favorite }),
  "packages:list": "own",
  "packages:remove": ({ parcel }) => ({ id: parcel }),
  "integrations/preferences:get": "own",
  "integrations/preferences:set": "own",
  "integrations/evidence:list": "own",
  "integrations/evidence:remove": ({ evidence }) => ({ id: evidence }),
  "integrations/gmail/connection:status": "own",
  "integrations/gmail/connection:disconnect": "own",
  "integrations/gmail/oauth:begin": "own",
  "integrations/gmail/sync:syncGmail": "own",
  "integrations/whatsapp:requestLinkCode": "own",
  "integrations/whatsapp:linkStatus": "own",
  "integrations/whatsapp:unlink": "own",
  "chat:send": ({ thread }) => ({ message: "what did she ask?", thread }),
  "levers:list": "operators",
  "levers:pull": "operators",
  "levers:release": "operators",
  "ops:getReliabilitySnapshot": "operators",
};

/** Arguments that Convex lets through, for functions that are asked about the caller's own. */
const ARGS: Readonly<Record<string, Record<string, unknown>>> = {
  "threads:create": { title: "a keel" },
  "favorites:add": { title: "a keel", link: "https://shop.example/keel" },
  "integrations/preferences:set": { currency: "EUR", language: "en", notify: false },
  "integrations/gmail/sync:syncGmail": { days: 7 },
  "levers:pull": { lever: "cache.clear", target: "search_web", reason: "out of curiosity" },
  "levers:release": { id: "1", reason: "out of curiosity" },
};

const TABLES = [
  "threads",
  "messages",
  "streamSessions",
  "favorites",
  "packages",
  "preferences",
  "evidence",
  "gmailConnections",
  "whatsappLinks",
];

/** Every public function of the app by its path, and its kind. */
async function publicFunctions(): Promise<Map<string, "query" | "mutation" | "action">> {
  const found = new Map<string, "query" | "mutation" | "action">();
  for (const [file, load] of Object.entries(app.modules)) {
    for (const [name, fn] of Object.entries((await load()) as Record<string, unknown>)) {
      const { isPublic, isQuery, isMutation } = (fn ?? {}) as Record<string, unknown>;
      if (isPublic === true)
        found.set(`${file.slice(2, -3)}:${name}`, isQuery ? "query" : isMutation ? "mutation" : "action");
    }
  }
  return found;
}

function call(t: Pick<Fresh["t"], "query" | "mutation" | "action">, kind: string, path: string, args: object) {
  if (kind === "query") return t.query(makeFunctionReference<"query">(path), { ...args });
  if (kind === "mutation") return t.mutation(makeFunctionReference<"mutation">(path), { ...args });
  return t.action(makeFunctionReference<"action">(path), { ...args });
}

/** Gives ada one of everything. */
function adasRows({ t }: Fresh): Promise<Rows> {
  return t.run(async ({ db }) => {
    const owner = "ada";
    const thread = await db.insert("threads" as never, { owner, title: "secret", turns: 1, at: 1 } as never);
    const put = (table: string, row: object) =>
      db.insert(table as never, { owner, at: 1, ...row } as never) as Promise<string>;
    const without = (table: string, row: object) => db.insert(table as never, { owner, ...row } as never);
    await without("preferences", { currency: "USD", language: "en", notify: true });
    await put("gmailConnections", { email: "ada@mail.example", refreshToken: "secret", scope: "", historyId: "1" });
    await put("whatsappLinks", { phone: "15551230000" });
    return {
      thread: thread as string,
      message: await put("messages", { thread, role: "user", text: "secret", sources: [] }),
      session: await put("streamSessions", { thread, status: "streaming", text: "secret" }),
      favorite: await put("favorites", { title: "secret", link: "https://shop.example/keel" }),
      parcel: await put("packages", {
        messageId: "1",
        carrier: "UPS",
        tracking: "secret",
        subject: "secret",
        status: "shipped",
      }),
      evidence: await put("evidence", { kind: "parcel", source: "gmail:1", summary: "secret" }),
    };
  });
}

async function everything({ rows }: Fresh): Promise<unknown[]> {
  const all = await Promise.all(TABLES.map((table) => rows(table)));
  return all.flat().filter(({ owner }) => owner === "ada");
}

describe("access to functions", () => {
  it("is tested for every public function that there is", async () => {
    expect([...(await publicFunctions()).keys()].sort()).toEqual(Object.keys(ATTEMPTS).sort());
  });

  it("is for those who are signed in", async () => {
    const fresh = await app.fresh();
    const rows = await adasRows(fresh);
    for (const [path, kind] of await publicFunctions()) {
      const attempt = ATTEMPTS[path];
      const args = typeof attempt === "function" ? attempt(rows) : (ARGS[path] ?? {});
      expect([path, (await refusal(call(fresh.t, kind, path, args))).code]).toEqual([path, "unauthenticated"]);
    }
  });

  it("is to nobody else's rows: they look as if they weren't there, and stay as they are", async () => {
    const fresh = await app.fresh();
    const rows = await adasRows(fresh);
    const before = await everything(fresh);
    const mallory = fresh.t.withIdentity({ subject: "mallory" });
    for (const [path, kind] of await publicFunctions()) {
      const attempt = ATTEMPTS[path];
      if (typeof attempt !== "function") continue;
      expect([path, (await refusal(call(mallory, kind, path, attempt(rows)))).code]).toEqual([path, "not_found"]);
    }
    expect(await everything(fresh)).toEqual(before);
  });

  it("shows nothing of others' in what lists the caller's own, and changes nothing of theirs", async () => {
    const fresh = await app.fresh();
    await adasRows(fresh);
    const before = await everything(fresh);
    const mallory = fresh.t.withIdentity({ subject: "mallory" });
    for (const [path, kind] of await publicFunctions()) {
      if (ATTEMPTS[path] !== "own") continue;
      const told = await call(mallory, kind, path, ARGS[path] ?? {}).catch((error: { data?: unknown }) => error.data);
      expect([path, /secret|USD|0000$|ada@/.test(JSON.stringify(told ?? null))]).toEqual([path, false]);
    }
    expect(await everything(fresh)).toEqual(before);
  });

  it("shows the reliability snapshot to operators alone", async () => {
    const { t } = await app.fresh();
    const asked = (subject: string) => call(t.withIdentity({ subject }), "query", "ops:getReliabilitySnapshot", {});
    expect((await refusal(asked("ada"))).code).toBe("forbidden");
    expect(await asked("olga")).toMatchObject({
      service: "shop-assistant",
      config: {
        toolCacheNamespaces: [
          { tool: "search_web", namespace: "search_web_v1", version: "v1" },
          { tool: "search_products", namespace: "search_products_v1", version: "v1" },
        ],
      },
      toolCache: { byNamespace: [{ entries: 0 }, { entries: 0 }] },
      toolJobs: { queued: 0, running: 0, byTool: {}, pressureByTool: { search_web: 0 } },
    });
  });

  it("lets owners do with their rows what they may", async () => {
    const fresh = await app.fresh();
    const rows = await adasRows(fresh);
    const ada = fresh.t.withIdentity({ subject: "ada" });
    expect(await call(ada, "query", "threads:get", { id: rows.thread })).toMatchObject({ title: "secret" });
    await call(ada, "mutation", "threads:rename", { id: rows.thread, title: " A keel " });
    expect(await call(ada, "query", "threads:list", {})).toMatchObject([{ title: "A keel" }]);
    expect(await call(ada, "mutation", "streamSessions:stop", { id: rows.session })).toBe(true);
    await call(ada, "mutation", "threads:remove", { id: rows.thread });
    expect(await call(ada, "query", "threads:list", {})).toEqual([]);
    await fresh.settled();
    expect([await fresh.rows("messages"), await fresh.rows("streamSessions")]).toEqual([[], []]);
    const link = { title: "Keel", link: "https://shop.example/k2" };
    expect(await call(ada, "mutation", "favorites:add", link)).toBe(await call(ada, "mutation", "favorites:add", link));
    expect((await refusal(call(ada, "mutation", "favorites:add", { ...link, link: "javascript:alert(1)" }))).code).toBe(
      "validation",
    );
  });

  it("gives out five link codes in ten minutes, and says when there is another", async () => {
    const { t } = await app.fresh();
    const ada = t.withIdentity({ subject: "ada" });
    for (let n = 0; n < 5; n++) await call(ada, "mutation", "integrations/whatsapp:requestLinkCode", {});
    const { code, retryAfterMs = 0 } = await refusal(
      call(ada, "mutation", "integrations/whatsapp:requestLinkCode", {}),
    );
    expect([code, retryAfterMs > 590_000 && retryAfterMs <= 600_000]).toEqual(["rate_limit", true]);
    const other = t.withIdentity({ subject: "bob" });
    expect(await call(other, "mutation", "integrations/whatsapp:requestLinkCode", {})).toMatchObject({
      code: expect.stringMatching(/^\d{8}$/),
    });
  });
});
