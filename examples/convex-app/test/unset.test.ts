import { describe, expect, it } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { eventsOf, harness, refusal } from "./harness.js";

const app = harness(
  Object.fromEntries(
    [
      "OPENROUTER_API_KEY",
      "GOOGLE_CLIENT_ID",
      "GOOGLE_CLIENT_SECRET",
      "GMAIL_REDIRECT_URL",
      "OAUTH_STATE_SECRET",
      "PUBSUB_AUDIENCE",
      "PUBSUB_SERVICE_ACCOUNT",
      "WHATSAPP_APP_SECRET",
      "WHATSAPP_VERIFY_TOKEN",
      "SENTRY_DSN",
      "OPERATOR_SUBJECTS",
    ].map((name) => [name, ""]),
  ),
);

/** Nothing is let in that can't be checked, and nobody is told what is missing. */
describe("a deployment that isn't set up", () => {
  it.each([
    ["POST", "/api/gmail/push", { authorization: "Bearer a.b.c" }],
    ["POST", "/api/whatsapp/webhook", { "x-hub-signature-256": `sha256=${"0".repeat(64)}` }],
    ["GET", "/api/whatsapp/webhook?hub.mode=subscribe&hub.challenge=7&hub.verify_token=", {}],
    ["GET", "/api/gmail/auth/callback?state=a.b&code=c", {}],
  ])("refuses %s %s", async (method, path, headers) => {
    const { t } = await app.fresh();
    const body = { message: { messageId: "1" }, subscription: "s", object: "whatsapp_business_account", entry: [] };
    const answer = await t.fetch(path, {
      method,
      headers: { "content-type": "application/json", ...headers } as Record<string, string>,
      ...(method === "POST" && { body: JSON.stringify(body) }),
    });
    const said = await answer.text();
    expect([answer.status, JSON.parse(said).code]).toEqual([503, "unavailable"]);
    expect(said).not.toMatch(/[A-Z]+_[A-Z]+/);
  });

  it("says within the chat that there is no model", async () => {
    const { chat } = await app.fresh();
    const events = await eventsOf(await chat("ada", { message: "a keel" }));
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "unavailable" } });
  });

  it("begins no consent, shows nobody the snapshot, and sends no alert", async () => {
    const { t } = await app.fresh();
    const ada = t.withIdentity({ subject: "ada" });
    expect((await refusal(ada.action(api.integrations.gmail.oauth.begin, {}))).code).toBe("unavailable");
    expect((await refusal(ada.query(api.ops.getReliabilitySnapshot, {}))).code).toBe("forbidden");
    const alert = { key: "k", level: "error", message: "m", tags: {} } as const;
    expect(await t.action(internal.alerts.send, { alerts: [alert] })).toEqual({ sent: 0 });
  });
});
