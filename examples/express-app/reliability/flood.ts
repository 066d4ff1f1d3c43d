/**
 * Sends more than the service takes, eight at a time: `tsx flood webhooks|chats|digests COUNT`. Half of the
 * webhooks are forged. Where to: `SERVICE_URL`; with `WHATSAPP_APP_SECRET` or `SESSION_TOKEN`. Prints what was answered, by
 * status, and exits with 1 when anything was answered that it must not be.
 */
import { randomUUID } from "node:crypto";
import { whatsAppWebhook } from "keelson/testing";

const { SERVICE_URL = "", WHATSAPP_APP_SECRET = "", SESSION_TOKEN = "" } = process.env;
const [what, count] = process.argv.slice(2);
const AT_A_TIME = 8;

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Statuses that it may be answered with. */
  readonly right: readonly number[];
}

const MAKE: Readonly<Record<string, (n: number) => Sent>> = {
  webhooks: (n) => {
    const forged = n % 2 === 1;
    // Read receipts: they ask for nothing, so that all of the load is the flood's.
    const statuses = [{ id: `wamid.${randomUUID()}`, status: "read" as const }];
    const { headers, body } = whatsAppWebhook({ secret: forged ? "a guess" : WHATSAPP_APP_SECRET, statuses });
    return {
      path: "/api/whatsapp/webhook",
      headers,
      body: body.toString(),
      right: forged ? [401, 403, 429] : [200, 429],
    };
  },
  // What was asked before would be in a cache.
  chats: () => asShopper("/api/chat", { message: `a tent ${randomUUID()}` }, [200, 429, 502, 503, 504]),
  digests: () => asShopper("/api/digests", { topics: [randomUUID()] }, [202, 429]),
};

function asShopper(path: string, body: object, right: readonly number[]): Sent {
  const headers = {
    "content-type": "application/json",
    origin: "https://shop.example",
    authorization: `Bearer ${SESSION_TOKEN}`,
  };
  return { path, headers, body: JSON.stringify(body), right };
}

const make = MAKE[what ?? ""];
if (make === undefined || !(Number(count) > 0)) {
  console.error(`flood ${Object.keys(MAKE).join("|")} COUNT`);
  process.exit(2);
}

const answers: Record<number, number> = {};
let wrong = 0;
let sent = 0;

async function client(next: (n: number) => Sent): Promise<void> {
  while (sent < Number(count)) {
    const { path, headers, body, right } = next(sent++);
    const response = await fetch(SERVICE_URL + path, { method: "POST", headers, body });
    await response.arrayBuffer();
    answers[response.status] = (answers[response.status] ?? 0) + 1;
    if (!right.includes(response.status)) wrong++;
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, () => client(make)));
console.log(JSON.stringify({ sent, answers, wrong }));
process.exitCode = wrong === 0 ? 0 : 1;
