import { told } from "../ask.js";
import type { Situation } from "../stage.js";

export const overload: Situation = {
  title: "More shoppers than the model can bear",
  claim: "Eight talk to it, sixteen wait their turn, and the rest hear at once that it is full.",
  async play(stage) {
    const { world } = stage;
    await world.start({ BULKHEAD_OPENROUTER_MAX: "8", BULKHEAD_OPENROUTER_QUEUE: "16" });
    const { openRouter } = world.standIns;
    const crowd = await Promise.all(Array.from({ length: 60 }, () => world.shopper()));

    await stage.step(
      "60 shoppers at once, and a slow model",
      async () => {
        const held = openRouter.inject({ kind: "hold" });
        let refused = 0;
        let release: () => void = () => undefined;
        const shed = new Promise<void>((resolve) => {
          release = resolve;
        });
        const asking = crowd.map(async (shopper, n) => {
          const seen = await shopper.chat(`tent number ${n % 3}`);
          if (seen.status === 503 && ++refused === 36) release();
          return seen;
        });
        // The model goes on when all are told who have to be: those who wait are patient for a second.
        await Promise.race([shed, Promise.all(asking)]);
        while (openRouter.counts().inFlight < 8) await world.ask("GET", "/healthz");
        held.remove();
        const seen = await Promise.all(asking);
        const answered = seen.filter(({ status }) => status === 200).length;
        return {
          saw: `${told(seen)}; most calls at a time: ${openRouter.counts().peakInFlight}`,
          holds: answered === 24 && refused === 36 && openRouter.counts().peakInFlight === 8,
        };
      },
      /bulkhead openrouter refused ×36/,
    );
    await stage.step(
      "one more, afterwards",
      async () => {
        const seen = await (crowd[0] as (typeof crowd)[number]).chat("tent number 0");
        return { saw: told([seen]), holds: seen.status === 200 };
      },
      /^cache search_web: fresh$/,
    );
  },
};
