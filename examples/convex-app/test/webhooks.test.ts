import { whatsAppWebhook } from "keelson/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { type Fresh, harness } from "./harness.js";

const app = harness();
const NUMBER = "106540352242922";
const PHONE = "15551230000";

function deliver({ t }: Fresh, parts: Parameters<typeof whatsAppWebhook>[0] extends infer O ? Partial<O> : never) {
  const webhook = whatsAppWebhook({
    secret: app.standIns.env.WHATSAPP_APP_SECRET ?? "",
    phoneNumberId: NUMBER,
    ...parts,
  } as never);
  return t.fetch("/api/whatsapp/webhook", { method: "POST", ...webhook });
}

/** What was sent since the test began. */
function sentFromNow() {
  const before = app.standIns.whatsApp.sent.length;
  return () => app.standIns.whatsApp.sent.slice(before).map(({ text }) => text);
}

describe("WhatsApp's webhook", () => {
  it("links a phone by a code, and answers what it is asked from then on", async () => {
    const fresh = await app.fresh();
    const sent = sentFromNow();
    const ada = fresh.t.withIdentity({ subject: "ada" });
    const { code } = await ada.mutation(api.integrations.whatsapp.requestLinkCode, {});
    await deliver(fresh, { messages: [{ from: PHONE, text: "hello" }] });
    await deliver(fresh, { messages: [{ from: PHONE, text: `My code is ${code}` }] });
    await deliver(fresh, { messages: [{ from: PHONE, text: "a keel" }] });
    expect(sent()).toEqual([
      expect.stringContaining("I don't know this phone yet"),
      expect.stringContaining("This phone is linked"),
      expect.stringContaining("a keel: buyer's guide"),
    ]);
    expect(await ada.query(api.integrations.whatsapp.linkStatus, {})).toEqual({ linked: true, phone: "…0000" });
  });

  it("counts wrong codes by phone, though each is answered", async () => {
    const fresh = await app.fresh();
    const sent = sentFromNow();
    for (let n = 0; n < 6; n++) await deliver(fresh, { messages: [{ from: PHONE, text: `0000000${n}` }] });
    expect(sent().map((text) => text.slice(0, 8))).toEqual([...Array(5).fill("I don't "), "Too many"]);
  });

  it("handles a message once, however often and in whatever order it is delivered", async () => {
    const fresh = await app.fresh();
    const sent = sentFromNow();
    const message = { id: "wamid.1", from: PHONE, text: "hello" };
    const other = { id: "wamid.2", from: PHONE, text: "hello again" };
    const answers = [
      await deliver(fresh, { messages: [other, message] }),
      await deliver(fresh, { messages: [message] }),
      await deliver(fresh, { messages: [message, other], statuses: [{ id: "wamid.9", status: "read" }] }),
    ];
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
      { handled: 2, known: 0 },
      { handled: 0, known: 1 },
      { handled: 1, known: 2 },
    ]);
    expect(sent()).toHaveLength(2);
  });

  it("asks for what couldn't be answered to be delivered again, and answers it then", async () => {
    const fresh = await app.fresh();
    const sent = sentFromNow();
    const message = { id: "wamid.1", from: PHONE, text: "hello" };
    const fault = app.standIns.whatsApp.upstream.inject({ kind: "status", status: 400 });
    onTestFinished(() => app.standIns.whatsApp.upstream.clear());
    const refused = await deliver(fresh, { messages: [message] });
    expect([refused.status, (await refused.json()).code]).toEqual([503, "unavailable"]);
    fault.remove();
    const answered = await deliver(fresh, { messages: [message] });
    expect(await answered.json()).toEqual({ handled: 1, known: 0 });
    expect(sent()).toHaveLength(1);
  });

  it("leaves nothing behind of a body that was tampered with", async () => {
    const fresh = await app.fresh();
    const sent = sentFromNow();
    const { body, headers } = whatsAppWebhook({
      secret: "another",
      phoneNumberId: NUMBER,
      messages: [{ from: PHONE, text: "hello" }],
    } as never);
    const answer = await fresh.t.fetch("/api/whatsapp/webhook", { method: "POST", body, headers });
    expect([answer.status, (await answer.json()).code, sent()]).toEqual([401, "unauthenticated", []]);
  });

  it("answers Meta's question, and nobody else's", async () => {
    const { t } = await app.fresh();
    const asked = (token: string) =>
      t.fetch(`/api/whatsapp/webhook?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`);
    expect(await (await asked(app.standIns.env.WHATSAPP_VERIFY_TOKEN ?? "")).text()).toBe("1158201444");
    expect((await asked("wrong")).status).toBe(403);
  });
});

/** Connects ada's mailbox by the whole flow. */
async function connected(fresh: Fresh): Promise<void> {
  const { url } = await fresh.t.withIdentity({ subject: "ada" }).action(api.integrations.gmail.oauth.begin, {});
  const state = new URL(url).searchParams.get("state") ?? "";
  const answer = await callback(fresh, { state, code: app.standIns.google.code() });
  expect(answer.status).toBe(200);
}

function callback({ t }: Fresh, query: Record<string, string>) {
  return t.fetch(`/api/gmail/auth/callback?${new URLSearchParams(query)}`);
}

function pushed({ t }: Fresh, messageId: string, historyId: string, claims = {}) {
  const data = { emailAddress: app.standIns.google.email, historyId: Number(historyId) };
  return t.fetch("/api/gmail/push", {
    method: "POST",
    ...app.standIns.pubSub.push({ messageId, data, claims }),
  });
}

describe("Gmail", () => {
  it("is connected by consent, and looked through for parcels", async () => {
    const fresh = await app.fresh();
    await connected(fresh);
    const ada = fresh.t.withIdentity({ subject: "ada" });
    expect(await ada.query(api.integrations.gmail.connection.status, {})).toMatchObject({
      connected: true,
      email: "ada@mail.example",
    });
    expect((await ada.action(api.integrations.gmail.sync.syncGmail, { days: 30 })).parcels).toBeGreaterThanOrEqual(1);
    expect(await ada.query(api.packages.list, {})).toMatchObject([
      { carrier: "UPS", tracking: "1Z999AA10123456784", status: "shipped" },
    ]);
    expect(await ada.query(api.integrations.evidence.list, {})).toMatchObject([{ kind: "parcel" }]);
  });

  it("takes a state once, of its own making, and not too old", async () => {
    const fresh = await app.fresh();
    const { url } = await fresh.t.withIdentity({ subject: "ada" }).action(api.integrations.gmail.oauth.begin, {});
    const state = new URL(url).searchParams.get("state") ?? "";
    const [payload = "", signature = ""] = state.split(".");
    const other = Buffer.from(payload, "base64url").toString().replace("ada", "eve");
    const forged = `${Buffer.from(other).toString("base64url")}.${signature}`;
    const code = app.standIns.google.code();
    const codes: unknown[] = [];
    for (const query of [
      { state: forged, code },
      { state: `${payload}.`, code },
      { state: "~~~", code },
      { state, error: "access_denied" },
      { state, code },
      { state, code },
    ]) {
      const answer = await callback(fresh, query as never);
      codes.push(answer.status === 200 ? "connected" : ((await answer.json()) as { code: string }).code);
    }
    expect(codes).toEqual(["forbidden", "forbidden", "forbidden", "forbidden", "connected", "conflict"]);
    expect(await fresh.rows("gmailConnections")).toMatchObject([{ owner: "ada" }]);
  });

  it("takes no state that is older than ten minutes", async () => {
    const fresh = await app.fresh();
    const { url } = await fresh.t.withIdentity({ subject: "ada" }).action(api.integrations.gmail.oauth.begin, {});
    const state = new URL(url).searchParams.get("state") ?? "";
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 * 60_000 + 1 });
    onTestFinished(() => void vi.useRealTimers());
    const answer = await callback(fresh, { state, code: app.standIns.google.code() });
    expect([answer.status, (await answer.json()).detail]).toEqual([403, "The state is too old: begin anew"]);
  });

  it("says that a grant is over, and that a query is too long", async () => {
    const fresh = await app.fresh();
    const { url } = await fresh.t.withIdentity({ subject: "ada" }).action(api.integrations.gmail.oauth.begin, {});
    const state = new URL(url).searchParams.get("state") ?? "";
    const answer = await callback(fresh, { state, code: "never given" });
    expect([answer.status, (await answer.json()).code]).toEqual([403, "forbidden"]);
    const long = await callback(fresh, { state, code: "x".repeat(5_000) });
    expect([long.status, (await long.json()).code]).toEqual([414, "uri_too_long"]);
  });

  it("reads what is new by a push, once; late and repeated ones change nothing", async () => {
    const fresh = await app.fresh();
    await connected(fresh);
    const { google } = app.standIns;
    google.deliver({ subject: "Your parcel was delivered", text: "JJD000390007882345678 was delivered today." });
    const latest = google.historyId;
    const outcomes: unknown[] = [];
    for (const [id, history] of [
      ["2", latest],
      ["1", String(Number(latest) - 1)],
      ["2", latest],
    ] as const)
      outcomes.push(await (await pushed(fresh, id, history)).json());
    expect(outcomes).toEqual([{ outcome: "done" }, { outcome: "done" }, { outcome: "duplicate" }]);
    expect(await fresh.rows("packages")).toMatchObject([{ carrier: "DHL", status: "delivered", owner: "ada" }]);
    expect(await fresh.rows("gmailConnections")).toMatchObject([{ historyId: latest }]);
  });

  it("looks at the last days where Gmail no longer knows what is new", async () => {
    const fresh = await app.fresh();
    await connected(fresh);
    const { google } = app.standIns;
    google.deliver({ subject: "Order RR123456785DE shipped", text: "Your order is on its way." });
    google.forgetHistory();
    expect(await (await pushed(fresh, "1", google.historyId)).json()).toEqual({ outcome: "done" });
    expect((await fresh.rows("packages")).map(({ tracking }) => tracking)).toContain("RR123456785DE");
  });

  it("forgets a mailbox whose owner took their consent back, and lets pushes of it be", async () => {
    const fresh = await app.fresh();
    await connected(fresh);
    const { google } = app.standIns;
    google.revoke();
    google.deliver({ subject: "Your parcel was delivered", text: "JJD000390007882345679 was delivered today." });
    const ada = fresh.t.withIdentity({ subject: "ada" });
    await expect(ada.action(api.integrations.gmail.sync.syncGmail, { days: 7 })).rejects.toMatchObject({
      data: { code: "forbidden", message: "Google no longer accepts this grant: connect again" },
    });
    const answer = await pushed(fresh, "1", google.historyId);
    expect([answer.status, await answer.json()]).toEqual([200, { outcome: "done" }]);
    expect(await ada.query(api.integrations.gmail.connection.status, {})).toEqual({ connected: false });
  });

  it("reads much that is new bit by bit, and gets to its end", async () => {
    const fresh = await app.fresh();
    await connected(fresh);
    const { google } = app.standIns;
    for (let n = 0; n < 250; n++) google.deliver({ subject: `Note ${n}`, text: "nothing of interest" });
    google.deliver({ subject: "Order RR000000005DE shipped", text: "Your order is on its way." });
    await pushed(fresh, "1", google.historyId);
    expect(await fresh.rows("packages")).toEqual([]);
    await fresh.settled();
    expect((await fresh.rows("packages")).map(({ tracking }) => tracking)).toContain("RR000000005DE");
    expect(await fresh.rows("gmailConnections")).toMatchObject([{ historyId: google.historyId }]);
  });

  it.each([
    ["another account's", { email: "eve@shop.example" }, 403],
    ["for another audience", { aud: "https://other.example" }, 401],
    ["expired", { iat: 1_000, exp: 2_000 }, 401],
  ])("refuses a push whose token is %s", async (_, claims, status) => {
    const fresh = await app.fresh();
    const answer = await pushed(fresh, "1", "5", claims);
    expect([answer.status, (await answer.json()).code]).toEqual([
      status,
      status === 401 ? "unauthenticated" : "forbidden",
    ]);
  });

  it("never goes back in a mailbox, and no parcel goes back a step", async () => {
    const { t, rows } = await app.fresh();
    const parcel = { owner: "ada", messageId: "1", carrier: "UPS", tracking: "T", subject: "s" } as const;
    for (const status of ["shipped", "delivered", "ordered"] as const)
      await t.mutation(internal.packages.found, { ...parcel, status });
    expect(await rows("packages")).toMatchObject([{ status: "delivered" }]);
    const connection = { owner: "ada", email: "a@b.example", refreshToken: "t", scope: "", historyId: "100" };
    await t.mutation(internal.integrations.gmail.oauth.storeGmailConnection, connection);
    const until = (historyId: string) =>
      t.mutation(internal.integrations.gmail.connection.readUntil, { owner: "ada", historyId });
    expect([await until("99"), await until("1000"), await until("101")]).toEqual([false, true, false]);
  });
});
