import { told } from "../ask.js";
import type { Situation } from "../stage.js";

export const twice: Situation = {
  title: "The same request twice",
  claim: "A phone that lost its connection sends again; the model is asked, and paid, once.",
  async play(stage) {
    const { world } = stage;
    await world.start();
    const { openRouter } = world.standIns;
    const ada = await world.shopper();
    const key = { headers: { "idempotency-key": "turn-1" } };

    let first = "";
    await stage.step(
      "a turn with an Idempotency-Key",
      async () => {
        const seen = await ada.chat("a tent for two", key);
        first = seen.text;
        return { saw: told([seen]), holds: seen.status === 200 };
      },
      null,
    );
    await stage.step(
      "the same again",
      async () => {
        const seen = await ada.chat("a tent for two", key);
        const same = seen.text === first && seen.header("idempotency-replayed") === "true";
        const calls = openRouter.counts().requests;
        return {
          saw: `${told([seen])}, ${same ? "the same answer" : "another answer"}; calls of the model: ${calls}`,
          holds: seen.status === 200 && same && calls === 2,
        };
      },
      /^idempotency: replayed$/,
    );
    await stage.step(
      "the same key, another question",
      async () => {
        const seen = await ada.chat("a tent for three", key);
        return { saw: told([seen]), holds: seen.status === 422 && seen.code === "idempotency_mismatch" };
      },
      /idempotency: mismatch/,
    );
    await stage.step(
      "someone else, by chance with the same key",
      async () => {
        const seen = await (await world.shopper()).chat("a tent for two", key);
        const replayed = seen.header("idempotency-replayed") === "true";
        return {
          saw: `${told([seen])}, ${replayed ? "Ada's answer" : "an answer of their own"}`,
          holds: seen.status === 200 && !replayed,
        };
      },
      /^cache search_web: fresh$/,
    );
    await stage.step(
      "two at the very same time",
      async () => {
        const held = openRouter.inject({ kind: "hold" });
        const again = { headers: { "idempotency-key": "turn-2" } };
        const winner = Promise.race([ada.chat("a chair", again), ada.chat("a chair", again)]);
        const early = await winner;
        held.remove();
        return {
          saw: `${told([early])} for the second`,
          holds: early.status === 409 && early.retryAfter !== undefined,
        };
      },
      /idempotency: in_flight/,
    );
  },
};
