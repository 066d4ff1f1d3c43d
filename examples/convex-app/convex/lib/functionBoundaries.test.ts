import { describe, expect, it } from "vitest";
import { harness, refusal } from "../../test/harness.js";
import { internal } from "../_generated/api";

const app = harness();

const CONNECTION = {
  owner: "ada",
  email: "ada@mail.example",
  refreshToken: "1//token",
  scope: "gmail.readonly",
  historyId: "1000",
};

describe("the boundaries of functions that deal with other companies", () => {
  it.each([
    ["email", "no address"],
    ["refreshToken", ""],
    ["refreshToken", "x".repeat(4097)],
    ["historyId", "-1"],
    ["owner", ""],
  ])("storeGmailConnection refuses a bad %s", async (field, value) => {
    const { t, rows } = await app.fresh();
    const store = internal.integrations.gmail.oauth.storeGmailConnection;
    const { code, issues } = await refusal(t.mutation(store, { ...CONNECTION, [field]: value }));
    expect([code, issues?.[0]?.pointer]).toEqual(["validation", `/${field}`]);
    expect(await rows("gmailConnections")).toEqual([]);
  });

  it("storeGmailConnection keeps what is right, in the place of what was there", async () => {
    const { t, rows } = await app.fresh();
    const store = internal.integrations.gmail.oauth.storeGmailConnection;
    await t.mutation(store, CONNECTION);
    await t.mutation(store, { ...CONNECTION, email: "other@mail.example" });
    expect((await rows("gmailConnections")).map(({ email }) => email)).toEqual(["other@mail.example"]);
  });

  it.each([0, 91, 1.5])("syncGmail refuses to look %s days back", async (days) => {
    const { t } = await app.fresh();
    const { api } = await import("../_generated/api");
    const sync = t.withIdentity({ subject: "ada" }).action(api.integrations.gmail.sync.syncGmail, { days });
    expect((await refusal(sync)).code).toBe("validation");
  });

  it.each([
    [{ emailAddress: "nobody", historyId: "1" }, "/emailAddress"],
    [{ emailAddress: "a@b.example", historyId: "1e9" }, "/historyId"],
  ])("incrementalSync refuses %j", async (notice, pointer) => {
    const { t } = await app.fresh();
    const { code, issues } = await refusal(t.action(internal.integrations.gmail.sync.incrementalSync, notice));
    expect([code, issues?.[0]?.pointer]).toEqual(["validation", pointer]);
  });

  it.each([
    [{ phoneNumberId: "../1", from: "15551230000", text: "hi" }, "/phoneNumberId"],
    [{ phoneNumberId: "1", from: "+1555", text: "hi" }, "/from"],
    [{ phoneNumberId: "1", from: "15551230000", text: "x".repeat(4097) }, "/text"],
  ])("processWebhook refuses %j", async (item, pointer) => {
    const { t } = await app.fresh();
    const { code, issues } = await refusal(t.action(internal.integrations.whatsapp.processWebhook, item));
    expect([code, issues?.[0]?.pointer]).toEqual(["validation", pointer]);
    expect(app.standIns.whatsApp.sent).toEqual([]);
  });
});
