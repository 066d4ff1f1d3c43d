import { setTimeout as pause } from "node:timers/promises";
import { told } from "../ask.js";
import type { Situation } from "../stage.js";
import { answerOf } from "./normal.js";

export const gone: Situation = {
  title: "The model is gone, and comes back",
  claim: "It is left alone while it is gone, shoppers hear so at once, and it is found again without anybody's help.",
  async play(stage) {
    const { world } = stage;
    // Longer than a turn may take, so that none waits for it.
    await world.start({ BREAKER_OPEN_MS: "4s" });
    const { openRouter } = world.standIns;
    const [ada, bob] = await Promise.all([world.shopper(), world.shopper()]);

    await stage.step(
      "8 shoppers ask while it is gone",
      async () => {
        await openRouter.refuse();
        const crowd = await Promise.all(Array.from({ length: 8 }, () => world.shopper()));
        const seen = await Promise.all(crowd.map((shopper) => shopper.chat("a tent")));
        return { saw: told(seen), holds: seen.every(({ status }) => status === 502 || status === 503) };
      },
      /breaker openrouter: closed → open/,
    );
    await stage.step(
      "20 more turns",
      async () => {
        const seen = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? ada : bob).chat("a tent")));
        const slowest = Math.max(...seen.map(({ ms }) => ms));
        const refused = seen.every(({ status, code, retryAfter = 0 }) => {
          return status === 503 && code === "upstream_circuit_open" && retryAfter > 0;
        });
        return { saw: `${told(seen)}; slowest ${slowest.toFixed(0)} ms`, holds: refused && slowest < 1000 };
      },
      /^breaker openrouter refused ×20/,
    );
    await stage.step(
      "it is back; two turns, 5 s later",
      async () => {
        await openRouter.recover();
        await pause(5000);
        const seen = [await ada.chat("a tent"), await bob.chat("a chair")];
        const whole = seen.every((one) => one.status === 200 && answerOf(one).missing.length === 0);
        return { saw: told(seen), holds: whole };
      },
      /breaker openrouter: open → half-open.*breaker openrouter: half-open → closed/,
    );
    await stage.step("an operator looks at the snapshot", async () => {
      const breaker = (await world.snapshot()).upstreams.openrouter?.breaker;
      return {
        saw: `breaker ${breaker?.state}, ${breaker?.rejected} calls spared`,
        holds: breaker?.state === "closed" && breaker.rejected >= 20,
      };
    });
  },
};
