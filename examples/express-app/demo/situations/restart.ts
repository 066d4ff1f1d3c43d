import { once } from "node:events";
import { told } from "../ask.js";
import type { Situation } from "../stage.js";

export const restart: Situation = {
  title: "A restart under load",
  claim: "What is under way is finished, nothing new is let in, and a bad setting never gets to start.",
  async play(stage) {
    const { world } = stage;
    await world.start();
    const { openRouter } = world.standIns;
    const crowd = await Promise.all(Array.from({ length: 5 }, () => world.shopper()));

    await stage.step("told to stop, with five turns under way", async () => {
      const held = openRouter.inject({ kind: "hold" });
      const asking = Promise.all(crowd.map((shopper) => shopper.chat("a tent")));
      while (openRouter.counts().inFlight < 5) await world.ask("GET", "/healthz");
      const stopped = world.stop();
      let late = await world.ask("GET", "/readyz");
      while (late.status === 200) late = await world.ask("GET", "/readyz");
      held.remove();
      const [seen, code] = await Promise.all([asking, stopped]);
      return {
        saw: `${told(seen)}; newcomers: ${told([late])}; exit code ${code}`,
        holds: seen.every(({ status }) => status === 200) && (late.status === 0 || late.status === 503) && code === 0,
      };
    });
    await stage.step("started with RATE_LIMIT_CHAT_MAX=many", async () => {
      const child = world.spawn({ RATE_LIMIT_CHAT_MAX: "many" });
      let complaint = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        complaint += chunk.toString();
      });
      const [code] = (await once(child, "close")) as [number | null];
      const why = /RATE_LIMIT_CHAT_MAX: .*/.exec(complaint)?.[0] ?? complaint;
      return { saw: `exit code ${code}; ${why}`, holds: code !== 0 && why.includes("allowed: a whole number") };
    });
    await stage.step(
      "started again",
      async () => {
        await world.start();
        const seen = await (await world.shopper()).chat("a tent");
        return { saw: told([seen]), holds: seen.status === 200 };
      },
      null,
    );
  },
};
