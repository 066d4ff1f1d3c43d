import { componentsGeneric, type FunctionReference, type HttpRouter, httpRouter } from "convex/server";
import { convexTest } from "convex-test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anonymous, unlimited } from "../../boundary/declare.js";
import { perCall } from "../../core/binding.js";
import { KeelsonError } from "../../core/errors.js";
import { createKit } from "../../kit/kit.js";
import { convexStore } from "../../stores/convex/convex-store.js";
import type { ActionPlace, KeelsonComponent } from "../../stores/convex/ctx.js";
import { register } from "../../stores/convex/test.js";
import { guards } from "./guards.js";
import { route } from "./route.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };
const { cleanup } = keelson as unknown as {
  cleanup: { run: FunctionReference<"mutation", "internal", Record<string, never>> };
};
const START = 1_764_000_000_000;
const DAY_MS = 86_400_000;

afterEach(() => void vi.useRealTimers());

function deployment() {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  const kit = createKit({ service: "shop", store: perCall<ActionPlace>() });
  let well = false;
  const endpoint = kit.endpoint({
    name: "chat",
    method: "GET",
    path: "/chat",
    auth: anonymous("a test"),
    limits: unlimited("a test"),
    slo: {
      objective: 0.9,
      owner: "chat-team",
      runbook: "docs/runbooks/chat.md",
      alerts: [{ severity: "page", threshold: 9, long: "1h", short: "5m" }],
      latency: { within: "100s", objective: 0.95 },
    },
    handler: () => {
      if (!well) throw new KeelsonError("unavailable");
      return { well };
    },
  });
  const http = httpRouter();
  route(http, { kit, component: keelson, endpoints: [endpoint] });
  const t = convexTest({
    modules: {
      "./_generated/api.ts": () => Promise.resolve({}),
      "./http.ts": () => Promise.resolve<{ default: HttpRouter }>({ default: http }),
    },
  });
  register(t);
  const told: string[] = [];
  for (const type of ["alert.firing", "alert.resolved"] as const)
    kit.events.on(type, ({ id, budgetLeft }) => void told.push(`${type} ${id} ${budgetLeft}`));
  return {
    told,
    serve: async (calls: number, fine: boolean) => {
      well = fine;
      for (let i = 0; i < calls; i++) await t.fetch("/chat");
    },
    cleanUp: () => t.mutation(cleanup.run, {}),
    judged: (mutated: (args: object) => void = () => undefined) =>
      t.action(async (ctx) => {
        const runMutation = ((reference: FunctionReference<"mutation">, args: object) => {
          mutated(args);
          return ctx.runMutation(reference, args);
        }) as typeof ctx.runMutation;
        return (await kit.using(convexStore({ ...ctx, runMutation }, keelson)).snapshot()).objectives;
      }),
    seen: () => t.query(async (ctx) => (await kit.using(convexStore(ctx, keelson)).snapshot()).objectives),
  };
}

describe("objectives of a kit that is bound to each call", () => {
  it("are judged when an action takes a snapshot, told once, and seen from queries", async () => {
    const { told, serve, judged, seen } = deployment();
    await serve(11, false);
    expect((await judged())["endpoint:chat"]?.alerts[0]?.state).toBe("inconclusive");
    await serve(1, false);
    // A query can't write: it shows how the alert stands.
    expect((await seen())["endpoint:chat"]?.alerts[0]).toMatchObject({ state: "ok", since: null });
    expect(told).toEqual([]);
    await judged();
    await judged();
    expect(told).toEqual(["alert.firing endpoint:chat:page:3600 -9"]);
    expect((await seen())["endpoint:chat"]).toMatchObject({
      view: "service",
      storeFailure: null,
      alerts: [{ state: "firing", since: START }],
    });
    expect((await seen())["endpoint:chat:latency"]).toMatchObject({ budgetLeft: 1 });
    vi.setSystemTime(START + 6 * 60_000);
    await serve(40, true);
    await judged();
    expect(told[1]).toBe("alert.resolved endpoint:chat:page:3600 -1.30769230769");
    expect((await seen())["endpoint:chat"]?.alerts[0]?.state).toBe("ok");
  });

  it("write how their alerts stand in one mutation, however many there are", async () => {
    const { judged, serve } = deployment();
    await serve(12, false);
    const mutations: unknown[] = [];
    const objectives = await judged((args) => void mutations.push(args));
    const ids = Object.values(objectives).flatMap(({ alerts }) => alerts.map(({ id }) => id));
    expect(ids.length).toBe(5);
    const steps = ids.map((key) => ({ kernel: "alert", key }));
    const ofAlerts = mutations.filter((args) => JSON.stringify(args).includes('"alert"'));
    expect(ofAlerts).toMatchObject([{ steps }]);
  });

  it("have a budget of 30 days, and know how much of it was watched", async () => {
    const { serve, judged, cleanUp } = deployment();
    const stands = async (days: number) => {
      vi.setSystemTime(START + days * DAY_MS);
      await cleanUp();
      const { budgetLeft, budgetCoveredSec } = (await judged())["endpoint:chat"] ?? {};
      return [budgetLeft, (budgetCoveredSec ?? 0) / 86_400];
    };
    await serve(1, false);
    await serve(9, true);
    expect(await stands(0)).toEqual([0, expect.closeTo(0, 3)]);
    // (Counts are rolled up into hours, and then days; what is known reaches back to the minute of the first call.)
    expect(await stands(2)).toEqual([0, expect.closeTo(2, 3)]);
    expect(await stands(5)).toEqual([0, expect.closeTo(5, 3)]);
    await serve(10, true);
    expect(await stands(29)).toEqual([0.5, expect.closeTo(29, 3)]);
    expect(await stands(34)).toEqual([1, expect.closeTo(29, 0)]);
  });

  it("stand beside guarded functions, too", async () => {
    const kit = createKit({ service: "shop", store: perCall<ActionPlace>() });
    // A builder hands back what it is given: the handler can then be called as it is.
    const builder = ((definition: unknown) => definition) as never;
    const { mutation } = guards(kit, { component: keelson, query: builder, mutation: builder, action: builder });
    const options = {
      name: "threads.rename",
      args: {},
      auth: anonymous("a test"),
      limits: unlimited("a test"),
      handler: () => null,
    } as const;
    const slo = { objective: 0.99, owner: "threads", runbook: "docs/runbooks/threads.md" };
    const rename = mutation({ ...options, slo }) as unknown as { handler(ctx: unknown, args: object): Promise<null> };
    expect(() => mutation({ ...options, name: "b", slo: { ...slo, objective: 1 } })).toThrow('boundary("b").slo');
    const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) } });
    register(t);
    await t.mutation((ctx) => rename.handler(ctx, {}));
    const { objectives } = await t.action((ctx) => kit.using(convexStore(ctx, keelson)).snapshot());
    expect(objectives["endpoint:threads.rename"]).toMatchObject({ owner: "threads", budgetLeft: 1 });
    expect(objectives["endpoint:threads.rename"]?.burnRates[0]).toMatchObject({ valid: 1, bad: 0 });
  });
});
