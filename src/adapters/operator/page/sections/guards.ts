import type { Snapshot } from "../../../../observe/snapshot.js";
import type { BreakerSnapshot } from "../../../../primitives/breaker/snapshot.js";
import type { BulkheadSnapshot } from "../../../../primitives/bulkhead/snapshot.js";
import type { SharedBulkheadSnapshot } from "../../../../primitives/shared-bulkhead/shared-bulkhead.js";
import { el, list, put } from "../dom.js";
import { count, rate, span } from "../format.js";
import { breakerLevel, type Level } from "../health.js";
import { badge, type Column, leverButton, named, row, type Section, type State, section, table } from "../parts.js";
import { strip } from "../spark.js";

/** A breaker or bulkhead of its own, as a row shows it. */
interface Guard {
  readonly level: Level;
  readonly word: string;
  readonly wait?: string;
  readonly running: string;
  readonly queued: string;
}

const COLUMNS: readonly Column[] = [
  ["Guard"],
  ["State"],
  ["In flight", "num"],
  ["Queued", "num"],
  ["Refused", "num"],
  ["", "act"],
];

/** Breakers and bulkheads that are no part of an upstream; those that are, are on its card. */
export function guards(): Section {
  const { node: rows, body } = table("Breakers and bulkheads", COLUMNS);
  const { node, note } = section("guards", "Breakers and bulkheads", rows);
  put(note, "on their own");
  let state: State;
  const show = list<Guard>(body, (name) => {
    const { node: line, cells } = row(COLUMNS);
    const [title, how, running, queued, refused, act] = cells;
    const [kind = "", called = ""] = split(name);
    named(title, called);
    title?.append(el("small", {}, kind));
    const level = badge();
    const wait = el("small");
    const states = kind === "breaker" ? strip() : undefined;
    how?.append(level.node, wait, ...(states === undefined ? [] : [states.node]));
    const levers = leverButton("breaker|bulkhead", name);
    act?.append(levers.node);
    return {
      node: line,
      update: (guard) => {
        level.show(guard.level, guard.word);
        put(wait, guard.wait ?? "");
        states?.draw(state.history.samples.map(({ breakers }) => breakers[name] ?? "none"));
        if (running) put(running, guard.running);
        if (queued) put(queued, guard.queued);
        const refusing = state.history.rate(state.now, (snapshot) => rejectedBy(snapshot, name));
        if (refused) put(refused, rate(refusing));
        refused?.classList.toggle("some", (refusing ?? 0) > 0);
        levers.update(state);
      },
    };
  });
  return {
    node,
    update: (now) => {
      state = now;
      const all = guardsOf(now.now);
      // Most services have none.
      node.hidden = all.length === 0;
      show(all);
    },
  };
}

/** All there are, by what levers call them. */
export function guardsOf({ breakers, bulkheads, sharedBulkheads }: Snapshot): (readonly [string, Guard])[] {
  return [
    ...Object.entries(breakers).map(([name, one]) => [`breaker:${name}`, ofBreaker(one)] as const),
    ...Object.entries(bulkheads).map(([name, one]) => [`bulkhead:${name}`, ofBulkhead(one)] as const),
    ...Object.entries(sharedBulkheads).map(([name, one]) => [`shared bulkhead:${name}`, ofShared(one)] as const),
  ];
}

function rejectedBy({ breakers, bulkheads, sharedBulkheads }: Snapshot, guard: string): number | undefined {
  const [kind = "", name = ""] = split(guard);
  return { breaker: breakers, bulkhead: bulkheads, "shared bulkhead": sharedBulkheads }[kind]?.[name]?.rejected;
}

function split(guard: string): readonly string[] {
  const at = guard.indexOf(":");
  return [guard.slice(0, at), guard.slice(at + 1)];
}

function ofBreaker({ state, retryAfterMs, probing }: BreakerSnapshot): Guard {
  // What runs through a breaker is counted while it is on trial alone.
  const running = state === "half-open" ? count(probing) : "–";
  const wait = retryAfterMs > 0 ? `again in ${span(retryAfterMs)}` : "";
  return { level: breakerLevel(state), word: state, wait, running, queued: "–" };
}

function ofBulkhead({ closed, limit, running, queued, maxQueue }: BulkheadSnapshot): Guard {
  const full = running >= limit;
  return {
    level: closed ? "idle" : full && queued > 0 ? "warn" : "ok",
    word: closed ? "closed" : full ? "full" : "room",
    running: `${running}/${limit}`,
    queued: `${queued}/${maxQueue}`,
  };
}

function ofShared({ limit, running, degraded, queued }: SharedBulkheadSnapshot): Guard {
  return {
    level: degraded > 0 ? "warn" : "ok",
    word: degraded > 0 ? `${degraded} without a slot` : `${limit} slots a key`,
    running: count(running + degraded),
    queued: count(queued),
  };
}
