import { told } from "../ask.js";
import type { Situation } from "../stage.js";

/** Played where REDIS_URL says where a Redis is. */
export const fleet = (redisUrl: string): Situation => ({
  title: "Two processes, one Redis",
  claim:
    "Two processes are as strict as one, know each other's answers, and share the work; one that dies leaves it to the other.",
  async play(stage) {
    const { world } = stage;
    const env = { REDIS_URL: redisUrl, REDIS_PREFIX: `demo-${process.pid}-${Date.now()}`, DIGEST_LEASE_MS: "2s" };
    await world.start(env);
    const second = await world.second(env);
    const [eager, ada] = [await world.shopper(), await world.shopper()];

    await stage.step("25 turns of one shopper at once, spread over both", async () => {
      const turns = Array.from({ length: 25 }, (_, n) =>
        (n % 2 ? eager : eager.at(second.url)).chat(`tent number ${n}`),
      );
      const seen = await Promise.all(turns);
      const answered = seen.filter(({ status }) => status === 200).length;
      const refused = seen.filter(({ status, retryAfter = 0 }) => status === 429 && retryAfter > 0).length;
      return { saw: told(seen), holds: answered === 20 && refused === 5 };
    });
    await stage.step("a turn in one, and the same Idempotency-Key in the other", async () => {
      const key = { headers: { "idempotency-key": "turn-1" } };
      const first = await ada.chat("a tent for two", key);
      const again = await ada.at(second.url).chat("a tent for two", key);
      const same = again.text === first.text && again.header("idempotency-replayed") === "true";
      const saw = `${told([first, again])}, ${same ? "the same answer" : "another answer"}`;
      return { saw, holds: first.status === 200 && again.status === 200 && same };
    });
    await stage.step("16 digests, taken in by one", async () => {
      world.standIns.serper.inject({ kind: "latency", delay: "100ms" });
      const ids = await Promise.all(Array.from({ length: 16 }, (_, n) => ada.digest([`topic ${n}`])));
      const seen = await Promise.all(ids.map((id) => ada.at(second.url).ended(id)));
      const done = seen.filter(({ state }) => state === "succeeded").length;
      const each = await Promise.all([world.worked(), world.worked(second.url)]);
      const saw = `${done} ended well, ${each.join(" and ")} done by each`;
      return { saw, holds: done === 16 && each[0] + each[1] === 16 && Math.min(...each) > 0 };
    });
    await stage.step("the other is killed with digests in its hands", async () => {
      const hanging = world.standIns.serper.inject({ kind: "latency", delay: "300ms" });
      const ids = await Promise.all(Array.from({ length: 8 }, (_, n) => ada.digest([`later topic ${n}`])));
      while ((await world.worked(second.url)) === 0 || !(await anyRunning())) await new Promise(setImmediate);
      second.kill();
      hanging.remove();
      const seen = await Promise.all(ids.map((id) => ada.ended(id)));
      const done = seen.filter(({ state }) => state === "succeeded").length;
      const again = seen.filter(({ attempt }) => attempt > 1).length;
      return { saw: `${done} ended well, ${again} of them begun anew`, holds: done === 8 && again > 0 };
      async function anyRunning() {
        const { queues } = await world.snapshot();
        return (queues.digests?.byTool.digest?.stats?.running ?? 0) >= 4;
      }
    });
  },
});
