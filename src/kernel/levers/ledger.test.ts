import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEntry, LeverEntry, LeverName } from "../../core/levers.js";
import {
  EMPTY_LEDGER,
  expired,
  failed,
  joined,
  type Ledger,
  live,
  overflow,
  pulled,
  released,
  slotOf,
  trimmed,
} from "./ledger.js";

const entry = (id: string, over: Partial<LeverEntry> = {}): LeverEntry => ({
  id,
  lever: "breaker.isolate",
  target: "upstream:serper",
  args: {},
  by: "ann",
  reason: "it fails",
  at: 1_000,
  expiresAt: 61_000,
  ...over,
});
const ids = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id);
const actions = ({ recent }: Ledger) => recent.map(({ id, action }) => `${id} ${action}`);

describe("a ledger of levers", () => {
  it("lets the last one pulled on a target win, and says that the former was superseded, and by whom", () => {
    const one = pulled(EMPTY_LEDGER, entry("1")).ledger;
    const two = pulled(one, entry("2", { lever: "breaker.disable", by: "bob", at: 2_000 }));
    expect(ids(two.former)).toEqual(["1"]);
    expect(ids(two.ledger.active)).toEqual(["2"]);
    expect(actions(two.ledger)).toEqual(["1 pulled", "1 superseded", "2 pulled"]);
    expect(two.ledger.recent[1]).toMatchObject({ by: "bob", at: 2_000 });
  });

  it("ends what lasts with what acts once on the same target", () => {
    const one = pulled(EMPTY_LEDGER, entry("1")).ledger;
    const { ledger } = pulled(one, entry("2", { lever: "breaker.close", expiresAt: null }));
    expect([ids(ledger.active), ids(ledger.shots)]).toEqual([[], ["2"]]);
  });

  it("keeps keys of a limiter apart, and has dead jobs take nothing over", () => {
    const block = (key: string) => slotOf({ lever: "limiter.block", target: "chat", args: { key } });
    expect(block("a")).not.toBe(block("b"));
    expect(slotOf({ lever: "queue.drop-dead", target: "tools/x", args: {} })).toBeUndefined();
  });

  it("forgets what acted once when every process has heard of it", () => {
    const one = pulled(EMPTY_LEDGER, entry("1", { lever: "cache.clear", target: "c", expiresAt: null })).ledger;
    const two = pulled(one, entry("2", { at: 1_000 + 16 * 60_000 })).ledger;
    expect(two.shots).toEqual([]);
  });

  it("notes once what failed, and has it in effect no more", () => {
    const one = pulled(EMPTY_LEDGER, entry("1")).ledger;
    const noted = failed(one, entry("1"));
    expect(noted.active).toEqual([]);
    expect(actions(noted)).toEqual(["1 pulled", "1 failed"]);
    expect(failed(noted, entry("1"))).toBe(noted);
    const shot = entry("2", { lever: "cache.clear", expiresAt: null });
    expect(actions(failed(pulled(EMPTY_LEDGER, shot).ledger, shot))).toEqual(["2 pulled", "2 failed"]);
  });

  it("comes to what a simple model says, whatever is done, and told twice changes nothing", () => {
    const levers: readonly LeverName[] = ["breaker.isolate", "breaker.close", "breaker.disable", "cache.clear"];
    const act = fc.record({
      op: fc.constantFrom("pull", "release", "expire", "trim"),
      lever: fc.constantFrom(...levers),
      target: fc.constantFrom("a", "b"),
      forMs: fc.integer({ min: 1, max: 50 }),
      pick: fc.nat(5),
      waitMs: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        let ledger = EMPTY_LEDGER;
        let archive: readonly AuditEntry[] = [];
        let now = 0;
        const model = new Map<string, { readonly id: string; readonly until: number }>();
        const told: string[] = [];
        acts.forEach(({ op, lever, target, forMs, pick, waitMs }, i) => {
          now += waitMs;
          const before = ledger;
          if (op === "pull") {
            const lasting = lever === "breaker.isolate" || lever === "breaker.disable";
            const one = entry(`${i}`, { lever, target, at: now, expiresAt: lasting ? now + forMs : null });
            ledger = pulled(ledger, one).ledger;
            expect(pulled(ledger, one).ledger).toBe(ledger);
            const held = model.get(target);
            if (lever !== "cache.clear" && held !== undefined) told.push(`${held.id} superseded`);
            if (lever !== "cache.clear") model.delete(target);
            if (lasting) model.set(target, { id: `${i}`, until: now + forMs });
            told.push(`${i} pulled`);
          } else if (op === "release") {
            const id = ledger.active[pick]?.id ?? "none";
            const next = released(ledger, id, { by: "bob", reason: "well", at: now });
            const held = [...model].find(([, one]) => one.id === id);
            expect(next === undefined).toBe(held === undefined);
            if (held !== undefined) {
              model.delete(held[0]);
              told.push(`${id} released`);
            }
            ledger = next ?? ledger;
          } else if (op === "expire") {
            const gone = ledger.active.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now);
            ledger = expired(ledger, gone);
            expect(expired(ledger, gone)).toBe(ledger);
            for (const { id, target: of } of gone) {
              model.delete(of);
              told.push(`${id} expired`);
            }
          } else {
            const old = overflow(ledger);
            archive = joined(archive, old);
            ledger = trimmed(ledger, old);
          }
          if (op !== "trim" && ledger !== before) expect(ledger.rev).toBe(before.rev + 1);
          expect(ids(live(ledger, now)).sort()).toEqual(
            [...model.values()]
              .filter(({ until }) => until > now)
              .map(({ id }) => id)
              .sort(),
          );
          expect(joined(archive, ledger.recent).map(({ id, action }) => `${id} ${action}`)).toEqual(told.slice(-200));
        });
      }),
      { numRuns: 200 },
    );
  });
});
