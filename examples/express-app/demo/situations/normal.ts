import type { Answer } from "../../service/assistant.js";
import { type Seen, told } from "../ask.js";
import type { Situation } from "../stage.js";

/** What an answer was made of. */
export function answerOf(seen: Seen): Answer {
  return seen.json as Answer;
}

export const normal: Situation = {
  title: "A normal day",
  claim: "Shoppers get answers, and the search is asked once for what many want to know.",
  async play(stage) {
    const { world } = stage;
    await world.start();
    const { serper, openRouter } = world.standIns;
    const [ada, bob] = await Promise.all([world.shopper(), world.shopper()]);

    await stage.step(
      "Ada asks for a tent",
      async () => {
        const seen = await ada.chat("a tent for two");
        const { sources } = answerOf(seen);
        return {
          saw: `${told([seen])}, ${sources.length} sources, from ${openRouter.counts().requests} calls of the model`,
          holds: seen.status === 200 && sources.length === 3 && openRouter.counts().requests === 2,
        };
      },
      null,
    );
    await stage.step(
      "Bob asks for the same",
      async () => {
        const seen = await bob.chat("a tent for two");
        const searches = serper.counts().requests;
        return { saw: `${told([seen])}; searches so far: ${searches}`, holds: seen.status === 200 && searches === 1 };
      },
      /^cache search_web: fresh$/,
    );
    await stage.step("30 shoppers ask at once for what is new to all", async () => {
      const crowd = await Promise.all(Array.from({ length: 30 }, () => world.shopper()));
      const seen = await Promise.all(crowd.map((shopper) => shopper.chat("a lamp that needs no mains")));
      const searches = serper.counts().requests - 1;
      const answered = seen.every(({ status }) => status === 200);
      return { saw: `${told(seen)}; searches for it: ${searches}`, holds: answered && searches === 1 };
    });
    await stage.step("the platform asks how it is", async () => {
      const seen = await Promise.all([world.ask("GET", "/healthz"), world.ask("GET", "/readyz")]);
      return { saw: told(seen), holds: seen.every(({ status }) => status === 200) };
    });
    await stage.step("an operator looks at the snapshot", async () => {
      const { upstreams, caches, slis } = await world.snapshot();
      const hits = caches.search_web?.hits ?? 0;
      const calls = upstreams.openrouter?.successes;
      const { valid, bad } = slis.endpoints.chat?.windows[0] ?? { valid: 0, bad: -1 };
      return {
        saw: `model: ${calls} calls, cache: ${hits} hits, chat: ${valid} turns, ${bad} bad`,
        holds: calls === 64 && hits >= 1 && valid === 32 && bad === 0,
      };
    });
  },
};
