import { told } from "../ask.js";
import type { Situation } from "../stage.js";

export const abuse: Situation = {
  title: "Abuse",
  claim: "Who asks too often waits, who guesses is shut out, and nobody else notices.",
  async play(stage) {
    const { world } = stage;
    await world.start();
    const { openRouter } = world.standIns;
    const [eager, calm, guesser] = await Promise.all([world.shopper(), world.shopper(), world.shopper()]);
    const guess = (headers: Readonly<Record<string, string>> = {}) =>
      guesser.chat("let me in", { headers: { authorization: `Bearer ${Math.random()}`, ...headers } });

    await stage.step(
      "25 turns of one shopper at once",
      async () => {
        const seen = await Promise.all(Array.from({ length: 25 }, (_, n) => eager.chat(`tent number ${n}`)));
        const answered = seen.filter(({ status }) => status === 200).length;
        const refused = seen.filter(({ status, retryAfter = 0 }) => status === 429 && retryAfter > 0).length;
        return { saw: told(seen), holds: answered === 20 && refused === 5 };
      },
      /limiter chat ×5/,
    );
    await stage.step(
      "another shopper, meanwhile",
      async () => {
        const seen = await calm.chat("tent number 1");
        return { saw: told([seen]), holds: seen.status === 200 };
      },
      /^cache search_web: fresh$/,
    );
    await stage.step(
      "30 guesses at a session, one after the other",
      async () => {
        const seen = [];
        for (let n = 0; n < 30; n++) seen.push(await guess());
        const looked = seen.filter(({ status }) => status === 401).length;
        const shut = seen.filter(({ status }) => status === 429).length;
        return { saw: told(seen), holds: looked === 10 && shut === 20 };
      },
      /^guard auth ×10 · guard auth: shut out ×20$/,
    );
    await stage.step(
      "the same, pretending to be elsewhere",
      async () => {
        const seen = [];
        for (let n = 0; n < 10; n++)
          seen.push(await guess({ "x-forwarded-for": `203.0.113.${n}, ${guesser.address}` }));
        return { saw: told(seen), holds: seen.every(({ status }) => status === 429) };
      },
      /^guard auth: shut out ×10$/,
    );
    await stage.step("how many turns reached the model", async () => {
      const { requests } = openRouter.counts();
      return { saw: `${requests / 2}`, holds: requests === 2 * 21 };
    });
  },
};
