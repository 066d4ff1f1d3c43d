import { type Seen, told } from "../ask.js";
import type { Situation } from "../stage.js";
import { answerOf } from "./normal.js";

export const slow: Situation = {
  title: "Upstreams are slow, or hang",
  claim: "Nobody waits longer than was said, and what can be done without is done without.",
  async play(stage) {
    const { world } = stage;
    await world.start();
    const { openRouter, serper } = world.standIns;
    const ada = await world.shopper();
    const whole = (seen: Seen) => seen.status === 200 && answerOf(seen).missing.length === 0;

    await stage.step(
      "the model takes 300 ms",
      async () => {
        const latency = openRouter.inject({ kind: "latency", delay: "300ms" });
        const seen = await ada.chat("a tent");
        latency.remove();
        return { saw: `${told([seen])} after ${seconds(seen)}`, holds: whole(seen) && seen.ms >= 600 };
      },
      null,
    );
    await stage.step(
      "the model hangs once",
      async () => {
        openRouter.inject({ kind: "hang", next: 1 });
        const seen = await ada.chat("a tent");
        return { saw: `${told([seen])} after ${seconds(seen)}`, holds: whole(seen) };
      },
      /attempt time-out openrouter · retry openrouter/,
    );
    await stage.step(
      "the search hangs",
      async () => {
        serper.inject({ kind: "hang" });
        const seen = await ada.chat("a stove");
        serper.clear();
        const { missing } = answerOf(seen);
        return {
          saw: `${told([seen])}, without ${missing.join()}, after ${seconds(seen)}`,
          holds: seen.status === 200 && missing.join() === "search_web",
        };
      },
      /time-out serper/,
    );
    await stage.step(
      "the client leaves after 200 ms",
      async () => {
        openRouter.inject({ kind: "hang" });
        const before = openRouter.counts().unanswered;
        const seen = await ada.chat("a chair", { signal: AbortSignal.timeout(200) });
        // The news that the client has gone travels by itself: each answer here leaves it more time.
        for (let asked = 0; asked < 500 && openRouter.counts().inFlight > 0; asked++)
          await world.ask("GET", "/healthz");
        const { inFlight, unanswered } = openRouter.counts();
        return {
          saw: `${told([seen])}; calls of the model still under way: ${inFlight}`,
          holds: seen.status === 0 && inFlight === 0 && unanswered === before + 1,
        };
      },
      // Had it taken a time-out to end the call, that would show here.
      null,
    );
    await stage.step(
      "the model hangs for good",
      async () => {
        const seen = await ada.chat("a chair");
        openRouter.clear();
        const inTime = seen.ms >= 2900 && seen.ms < 4000;
        return { saw: `${told([seen])} after ${seconds(seen)}`, holds: seen.status === 504 && inTime };
      },
      /time-out openrouter/,
    );
    await stage.step(
      "the model is well again",
      async () => {
        const seen = await ada.chat("a chair");
        return { saw: told([seen]), holds: whole(seen) };
      },
      null,
    );
  },
};

function seconds({ ms }: Seen): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
