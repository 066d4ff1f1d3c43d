import { componentsGeneric } from "convex/server";
import { convexTest } from "convex-test";
import { expect, it } from "vitest";
import { z } from "zod";
import { perCall } from "../../core/binding.js";
import { createKit } from "../../kit/kit.js";
import { convexStore } from "../../stores/convex/convex-store.js";
import type { ActionPlace, KeelsonComponent, MutationPlace, QueryPlace } from "../../stores/convex/ctx.js";
import { register } from "../../stores/convex/test.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };

it("levers of a Convex app are pulled in actions and mutations, and seen in queries", async () => {
  const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) } });
  register(t);
  const kit = createKit({ service: "shop", store: perCall<ActionPlace>() });
  const serper = kit.upstream("serper", { breaker: {} });
  const tools = kit.queue("tools", { jobs: { search: kit.job({ input: z.string(), run: () => 1 }) } });
  const chat = kit.limiter("chat", { algorithm: "gcra", limit: 5, per: "1m" });
  const { query: runQuery, mutation: runMutation, action: runAction } = t;
  const action = kit.using(convexStore({ runQuery, runMutation, runAction } as ActionPlace, keelson));
  const mutation = kit.using(convexStore({ runQuery, runMutation } as MutationPlace, keelson));
  const query = kit.using(convexStore({ runQuery } as QueryPlace, keelson));
  const by = { by: "ann", reason: "it fails" };
  const entry = await action.levers.pull({ lever: "breaker.isolate", target: "serper", ...by });
  await mutation.levers.pull({ lever: "queue.pause", target: "tools/search", ...by });
  await mutation.levers.pull({ lever: "limiter.block", target: "chat", args: { key: "u" }, ...by });
  expect(await query.use(serper).state()).toBe("isolated");
  expect((await query.use(tools).stats()).search.paused).toBe(true);
  expect(await query.use(chat).peek("u")).toMatchObject({ allowed: false });
  expect((await query.levers.active()).map(({ lever }) => lever)).toEqual([
    "breaker.isolate",
    "queue.pause",
    "limiter.block",
  ]);
  await expect(query.levers.pull({ lever: "breaker.close", target: "serper", ...by })).rejects.toMatchObject({
    code: "unavailable",
  });
  await mutation.levers.release(entry.id, { by: "bob", reason: "it is well" });
  expect(await query.use(serper).state()).toBe("closed");
  expect((await query.levers.audit()).map(({ action: what }) => what)).toEqual([
    "released",
    "pulled",
    "pulled",
    "pulled",
  ]);
});
