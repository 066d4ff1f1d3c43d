/**
 * Connects a mailbox as a user does: asks where to consent, consents, and comes back. Exits with 0 when it is connected,
 * and with 1 when the app says that it couldn't be; with 2 when it says nothing sensible.
 */
const { SERVICE_URL = "", SESSION_TOKEN = "" } = process.env;

const begun = await fetch(`${SERVICE_URL}/api/action`, {
  method: "POST",
  headers: { authorization: `Bearer ${SESSION_TOKEN}`, "content-type": "application/json" },
  body: JSON.stringify({ path: "integrations/gmail/oauth:begin", args: {} }),
});
const { value } = (await begun.json()) as { readonly value?: { readonly url: string } };
const consent = await fetch(value?.url ?? "", { redirect: "manual" });
const back = consent.headers.get("location");
if (back === null) {
  // Google's own page failed: nobody came back.
  console.log(`consent: ${consent.status}`);
  process.exit(1);
}
const { status } = await fetch(back, { redirect: "manual" });
console.log(`callback: ${status}`);
process.exitCode = status < 400 ? 0 : [502, 503, 504].includes(status) ? 1 : 2;

export {};
