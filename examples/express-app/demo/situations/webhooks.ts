import { type PubSubClaims, type SignedWebhook, whatsAppWebhook } from "keelson/testing";
import { told } from "../ask.js";
import type { Situation } from "../stage.js";

const WHATSAPP = "/api/whatsapp/webhook";

export const webhooks: Situation = {
  title: "Webhooks, some of them false, some of them again",
  claim: "Only what Meta and Google signed gets in, and each message is answered once.",
  async play(stage) {
    const { world } = stage;
    await world.start();
    const { whatsApp, gmail, pubSub, env } = world.standIns;
    const sent = () => whatsApp.counts().byStatus[200] ?? 0;
    const written = (...names: string[]) =>
      whatsAppWebhook({
        secret: env.WHATSAPP_APP_SECRET,
        messages: names.map((name) => ({ id: `wamid.${name}`, from: "4915112345678", text: `${name}, please` })),
      });
    const deliver = (webhook: SignedWebhook) => world.ask("POST", WHATSAPP, webhook);
    const outcome = async (webhook: SignedWebhook, expected: { handled: number; known: number; sent: number }) => {
      const seen = await deliver(webhook);
      const { handled = -1, known = -1 } = (seen.json ?? {}) as { handled?: number; known?: number };
      return {
        saw: `${told([seen])}: ${handled} handled, ${known} known; answers sent so far: ${sent()}`,
        holds:
          seen.status === 200 && handled === expected.handled && known === expected.known && sent() === expected.sent,
      };
    };

    await stage.step("Meta checks the webhook", async () => {
      const ask = (token: string) =>
        world.ask("GET", `${WHATSAPP}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`);
      const [right, wrong] = await Promise.all([ask(env.WHATSAPP_VERIFY_TOKEN), ask("guess")]);
      return {
        saw: `${told([right])} "${right.text}"; with another token ${told([wrong])}`,
        holds: right.text === "1158201444" && wrong.status === 403,
      };
    });
    await stage.step("a message", () => outcome(written("tent"), { handled: 1, known: 0, sent: 1 }), null);
    await stage.step(
      "the same message, delivered again",
      () => outcome(written("tent"), { handled: 0, known: 1, sent: 1 }),
      /^replay guard: duplicate$/,
    );
    await stage.step(
      "three messages, one of them known",
      () => outcome(written("tent", "chair", "lamp"), { handled: 2, known: 1, sent: 3 }),
      /^replay guard: duplicate$/,
    );
    await stage.step(
      "a message changed on the way",
      async () => {
        const webhook = written("stove");
        const seen = await deliver({ ...webhook, body: webhook.body.replace("stove, please", "stone, please") });
        return { saw: told([seen]), holds: seen.status === 401 && sent() === 3 };
      },
      /^guard signature$/,
    );
    await stage.step(
      "two messages; answering the first fails",
      async () => {
        whatsApp.inject({ kind: "status", status: 500, next: 1 });
        const seen = await deliver(written("rope", "knife"));
        return { saw: `${told([seen])}; answers sent so far: ${sent()}`, holds: seen.status === 503 && sent() === 4 };
      },
      /^replay guard: released$/,
    );
    await stage.step(
      "Meta delivers the two again",
      () => outcome(written("rope", "knife"), { handled: 1, known: 1, sent: 5 }),
      /replay guard: duplicate/,
    );

    const push = (messageId: string, claims: Partial<PubSubClaims> = {}) =>
      world.ask(
        "POST",
        "/api/gmail/push",
        pubSub.push({ messageId, claims, data: { emailAddress: "ada@example.com", historyId: "1234567890" } }),
      );
    await stage.step(
      "Gmail's push, and again",
      async () => {
        const seen = [await push("7001"), await push("7001")];
        const outcomes = seen.map(({ json }) => (json as { outcome?: string }).outcome).join(", then ");
        return {
          saw: `${told(seen)}: ${outcomes}`,
          holds: outcomes === "done, then duplicate" && gmail.counts().requests === 1,
        };
      },
      /^replay guard: duplicate$/,
    );
    await stage.step(
      "a push meant for another service",
      async () => {
        const seen = await push("7002", { aud: "https://other.example" });
        return { saw: told([seen]), holds: seen.status === 401 };
      },
      /^guard auth$/,
    );
    await stage.step(
      "a push of someone else's account",
      async () => {
        const seen = await push("7003", { email: "evil@other.iam.gserviceaccount.com" });
        return { saw: told([seen]), holds: seen.status === 403 };
      },
      /^guard auth$/,
    );
    await world.start();
    await pubSub.upstream.refuse();
    await stage.step(
      "a push while Google's keys can't be had",
      async () => {
        const seen = await push("7004");
        return { saw: told([seen]), holds: seen.status === 503 && seen.retryAfter !== undefined };
      },
      /^guard auth$/,
    );
  },
};
