import { setTimeout as pause } from "node:timers/promises";
import { type Seen, told } from "../ask.js";
import type { Situation } from "../stage.js";
import { answerOf } from "./normal.js";

export const failing: Situation = {
  title: "Upstreams fail now and then",
  claim: "What is over in a moment shoppers never see; what isn't, they are told in plain words.",
  async play(stage) {
    const { world } = stage;
    await world.start({ TOOL_CACHE_WEB_SEARCH_TTL_MS: "500ms" });
    const { openRouter, serper } = world.standIns;
    const ada = await world.shopper();
    const whole = (seen: Seen) => seen.status === 200 && answerOf(seen).missing.length === 0;
    const asked = async () => {
      const seen = await ada.chat("a tent");
      return { seen, saw: `${told([seen])} after ${(seen.ms / 1000).toFixed(1)} s`, holds: whole(seen) };
    };

    await stage.step("all is well", asked, null);
    await stage.step(
      "the model answers 503 once",
      () => {
        openRouter.inject({ kind: "status", status: 503, next: 1 });
        return asked();
      },
      /retry openrouter/,
    );
    await stage.step(
      "429 once, with Retry-After: 1",
      async () => {
        openRouter.inject({ kind: "status", status: 429, retryAfter: "1s", next: 1 });
        const { seen, saw } = await asked();
        return { saw, holds: whole(seen) && seen.ms >= 1000 };
      },
      /retry openrouter/,
    );
    await stage.step(
      "the connection is reset once",
      () => {
        openRouter.inject({ kind: "reset", next: 1 });
        return asked();
      },
      /retry openrouter/,
    );
    await stage.step("the model answers half a document", async () => {
      openRouter.inject({ kind: "garbage", next: 1 });
      const { seen, saw } = await asked();
      return { saw, holds: seen.status === 502 && seen.code === "upstream_failed" && !/SyntaxError/.test(seen.text) };
    });
    await stage.step(
      "the search fails; old pages are there",
      async () => {
        await pause(600);
        serper.inject({ kind: "status", status: 500 });
        return asked();
      },
      /cache search_web: (stale instead of nothing|grace)/,
    );
    await stage.step("the search sends garbage, nothing is there", async () => {
      serper.clear();
      serper.inject({ kind: "garbage" });
      const seen = await ada.chat("something new");
      const { missing } = answerOf(seen);
      return {
        saw: `${told([seen])}, without ${missing.join()}`,
        holds: seen.status === 200 && missing.join() === "search_web",
      };
    });
  },
};
