import { afterEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { eventsOf, harness, refusal } from "./harness.js";

const START = 1_764_000_000_000;
const WHY = "answers with other people's results";
const app = harness();

afterEach(() => void vi.useRealTimers());

describe("the app's levers", () => {
  it("cut an upstream off in the operator's name until they end, and the cron ends them", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const { t, chat } = await app.fresh();
    const olga = t.withIdentity({ subject: "olga" });
    const turn = async () => {
      const events = await eventsOf(await chat("ada", { message: "hi" }));
      return events.at(-1)?.event;
    };
    expect(await turn()).toBe("done");
    const pull = { lever: "breaker.isolate", target: "upstream:openrouter", reason: WHY, expiresIn: "5m" } as const;
    const entry = await olga.action(api.levers.pull, pull);
    expect(entry).toMatchObject({ by: "olga", target: "upstream:openrouter", expiresAt: START + 300_000 });
    expect(await turn()).toBe("error");
    const { active, catalogue } = await olga.action(api.levers.list, {});
    expect(active).toEqual([entry]);
    expect(catalogue.find(({ lever }) => lever === "breaker.isolate")?.targets).toContain("upstream:openrouter");
    expect((await olga.query(api.ops.getReliabilitySnapshot, {})).levers).toEqual([entry]);

    vi.setSystemTime(START + 300_000);
    await t.action(internal.ops.judgeObjectives, {});
    expect(await turn()).toBe("done");
    const { audit } = await olga.action(api.levers.list, {});
    expect(audit.map(({ action, by, reason }) => [action, by, reason])).toEqual([
      ["expired", "olga", WHY],
      ["pulled", "olga", WHY],
    ]);
  });

  it("are taken back before that, and write down who did", async () => {
    const { t } = await app.fresh();
    const { id } = await t.action(internal.levers.pullForOperators, {
      lever: "queue.pause",
      target: "tools/search_web",
      reason: WHY,
      by: "ann",
    });
    const done = await t.withIdentity({ subject: "olga" }).action(api.levers.release, { id, reason: "it is over" });
    expect(done).toMatchObject({ by: "ann", released: { by: "olga", reason: "it is over" } });
    const { active, audit } = await t.action(internal.levers.listForOperators, {});
    expect([active, audit.length]).toEqual([[], 2]);
    const again = t.action(internal.levers.releaseForOperators, { id, by: "ann", reason: "it is over" });
    expect((await refusal(again)).code).toBe("not_found");
  });

  it("say what is wrong with a pull, and what there is", async () => {
    const { t } = await app.fresh();
    const olga = t.withIdentity({ subject: "olga" });
    const pull = { lever: "queue.pause", target: "tools/search_web", reason: WHY } as const;
    const wrong = async (over: object) => {
      const { code, message } = await refusal(olga.action(api.levers.pull, { ...pull, ...over }));
      return `${code}: ${message}`;
    };
    expect(await wrong({ target: "tools/none" })).toMatch(/^not_found: .*tools\/search_products/);
    expect(await wrong({ expiresIn: "2d" })).toMatch(/^validation: .*24/);
    expect(await wrong({ reason: " " })).toMatch(/^validation: .*reason/);
    expect(await wrong({ args: { force: 1 } })).toMatch(/^validation: .*force/);
    // (What a process has for itself can't be there.)
    expect(await wrong({ lever: "knob.set", target: "CHAT_ORIGINS" })).toMatch(/^not_found: /);
  });
});
