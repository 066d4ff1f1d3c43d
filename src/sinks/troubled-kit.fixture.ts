import { anonymous, unlimited } from "../boundary/declare.js";
import { createKit } from "../kit/kit.js";
import { ManualClock, settled } from "../testing/manual-clock.js";

/** A kit with something of everything, and the ways to bring it into trouble. */
export function troubledKit() {
  const clock = new ManualClock();
  const kit = createKit({ service: "shop", clock });
  const llm = kit.upstream("llm", {
    timeout: "1s",
    breaker: { minimumCalls: 2, failureRate: 0.5, openFor: "1m" },
    bulkhead: { maxConcurrent: 4 },
  });
  const turns = kit.limiter("turns", { algorithm: "gcra", limit: 3, per: "1m" });
  const pages = kit.cache<string>("pages", { ttl: "1m" });
  const boundary = { auth: anonymous("a test"), limits: unlimited("a test") };
  const state = { error: undefined as Error | undefined };
  kit.endpoint({
    name: "chat",
    method: "GET",
    path: "/api/chat/:id",
    auth: anonymous("a test"),
    limits: [{ limiter: turns, by: "client" }],
    handler: async ({ context }) => {
      if (state.error !== undefined) throw state.error;
      return { answer: await llm.run(() => "hello", { context }) };
    },
  });
  kit.endpoint({
    name: "free",
    method: "GET",
    path: "/free",
    ...boundary,
    handler: () => {
      if (state.error !== undefined) throw state.error;
      return { ok: true };
    },
  });
  return {
    kit,
    clock,
    turns,
    pages,
    ask: (path: string, headers: Record<string, string> = {}) =>
      kit.fetch(new Request(`http://shop.example${path}`, { headers })),
    /** Handlers throw from now on; `undefined`: no more. */
    failing: (error: Error | undefined) => {
      state.error = error;
    },
    /** Opens the circuit of `llm`. */
    open: async () => {
      for (let n = 0; n < 6; n++) await llm.run(() => Promise.reject(new Error("down"))).catch(() => undefined);
      await settled();
    },
    llm,
  };
}
