import type { CacheSnapshot } from "../../../../primitives/cache/cache.js";
import type { LimiterSnapshot } from "../../../../primitives/limiter/limiter.js";
import type { ToolSnapshot } from "../../../../primitives/queue/snapshot.js";
import { list, put } from "../dom.js";
import { count, millis, percent, rate, span } from "../format.js";
import { pressureLevel } from "../health.js";
import {
  badge,
  bar,
  type Column,
  empty,
  leverButton,
  named,
  row,
  type Section,
  type State,
  section,
  table,
} from "../parts.js";
import { denied } from "./denied.js";

interface Kind<T> {
  readonly id: string;
  readonly title: string;
  readonly none: string;
  readonly columns: readonly Column[];
  readonly items: (state: State) => readonly (readonly [string, T])[];
  readonly note: (state: State) => string;
  /** Fills a row's cells after the first, now and from now on. */
  readonly fill: (name: string, cells: readonly Element[]) => (item: T, state: State) => void;
}

function tableSection<T>({ id, title, none, columns, items, note: told, fill }: Kind<T>): Section {
  const { node: rows, body } = table(title, columns);
  const nothing = empty(none);
  const { node, note } = section(id, title, nothing, rows);
  let state: State;
  const show = list<T>(body, (name) => {
    const { node: line, cells } = row(columns);
    named(cells[0], name);
    const update = fill(name, cells.slice(1));
    return { node: line, update: (item) => update(item, state) };
  });
  return {
    node,
    update: (now) => {
      state = now;
      const all = items(now);
      nothing.hidden = all.length > 0;
      rows.hidden = all.length === 0;
      put(note, told(now));
      show(all);
    },
  };
}

function write(cells: readonly Element[], ...texts: readonly string[]): void {
  texts.forEach((text, at) => {
    const cell = cells[at];
    if (cell !== undefined) put(cell, text);
  });
}

/** Limiters: what they let in and what not, and whom not. */
export function limiters(): Section {
  const each = limiterTable();
  const keys = denied();
  each.node.append(keys.node);
  return {
    node: each.node,
    update: (state) => {
      each.update(state);
      keys.update(state);
    },
  };
}

const limiterTable = (): Section =>
  tableSection<LimiterSnapshot>({
    id: "limiters",
    title: "Limiters",
    none: "Nothing is limited.",
    columns: [["Limiter"], ["Allowed", "num"], ["Denied", "num"], ["Degraded"], ["Limit", "num"], ["", "act"]],
    items: ({ now }) => Object.entries(now.limiters),
    note: () => "",
    fill: (name, cells) => {
      const [, , degraded, , act] = cells;
      const level = badge();
      degraded?.append(level.node);
      const levers = leverButton("limiter", name);
      act?.append(levers.node);
      return ({ limit, windowMs, degraded: by }, state) => {
        const past = (key: "allowed" | "denied") =>
          state.history.rate(state.now, (snapshot) => snapshot.limiters[name]?.[key]);
        const denied = past("denied");
        write(cells, rate(past("allowed")), rate(denied));
        cells[1]?.classList.toggle("some", (denied ?? 0) > 0);
        const total = by.open + by.closed + by.local;
        const going = state.history.rate(state.now, ({ limiters: all }) => {
          const other = all[name]?.degraded;
          return other === undefined ? undefined : other.open + other.closed + other.local;
        });
        level.show(
          (going ?? 0) > 0 ? "warn" : "idle",
          (going ?? 0) > 0 ? "by policy" : total > 0 ? `${count(total)} before` : "no",
        );
        const last = cells[3];
        if (last !== undefined) put(last, `${count(limit)} / ${span(windowMs)}`);
        levers.update(state);
      };
    },
  });

/** Caches by namespace. */
export const caches = (): Section =>
  tableSection<CacheSnapshot>({
    id: "caches",
    title: "Caches",
    none: "Nothing is cached.",
    columns: [
      ["Namespace"],
      ["Hits"],
      ["Reads", "num"],
      ["Stale", "num"],
      ["Failed", "num"],
      ["Entries", "num"],
      ["", "act"],
    ],
    items: ({ now }) => Object.entries(now.caches),
    note: () => "",
    fill: (name, cells) => {
      const share = bar(`Hits of ${name}`);
      cells[0]?.append(share.node);
      const levers = leverButton("cache", name);
      cells[5]?.append(levers.node);
      return ({ hits, staleHits, misses, failures, entries, capacity }, state) => {
        const reads = hits + staleHits + misses;
        const hit = reads === 0 ? null : (hits + staleHits) / reads;
        share.show(hit, "idle", percent(hit));
        const per = (read: (cache: CacheSnapshot) => number) =>
          state.history.rate(state.now, ({ caches: all }) => (all[name] === undefined ? undefined : read(all[name])));
        write(
          cells.slice(1),
          rate(per((cache) => cache.hits + cache.staleHits + cache.misses)),
          rate(per((cache) => cache.staleHits)),
          count(failures),
          `${count(entries)} / ${count(capacity)}`,
        );
        levers.update(state);
      };
    },
  });

/** Queues by tool. */
export const queues = (): Section =>
  tableSection<ToolSnapshot & { readonly pressure: number | undefined }>({
    id: "queues",
    title: "Queues",
    none: "Nothing is queued.",
    columns: [
      ["Tool"],
      ["Pressure"],
      ["Waiting", "num"],
      ["Running", "num"],
      ["Oldest", "num"],
      ["p95", "num"],
      ["Dead"],
      ["", "act"],
    ],
    items: ({ now }) =>
      Object.entries(now.queues).flatMap(([queue, { byTool, pressureByTool }]) =>
        Object.entries(byTool).map(
          ([tool, one]) => [`${queue}/${tool}`, { ...one, pressure: pressureByTool[tool] }] as const,
        ),
      ),
    note: ({ now }) => {
      const silent = Object.values(now.queues).find(({ statsFailure }) => statsFailure !== null);
      return silent === undefined ? "" : `the store does not answer: ${silent.statsFailure}`;
    },
    fill: (name, cells) => {
      const full = bar(`Pressure of ${name}`);
      cells[0]?.append(full.node);
      const dead = badge();
      cells[5]?.append(dead.node);
      const levers = leverButton("queue", name);
      cells[6]?.append(levers.node);
      return ({ stats, here, pressure }, state) => {
        const paused = stats?.paused === true;
        full.show(
          pressure ?? 0,
          paused ? "warn" : pressureLevel(pressure ?? 0),
          paused ? "paused" : pressure === undefined ? "no cap" : percent(pressure),
        );
        write(
          cells.slice(1),
          stats === null ? "–" : count(stats.queued + stats.delayed),
          stats === null ? "–" : count(stats.running),
          stats === null || stats.queued === 0 ? "–" : span(stats.oldestMs),
          millis(here?.run.p95),
        );
        dead.show(stats === null || stats.dead === 0 ? "idle" : "warn", stats === null ? "–" : count(stats.dead));
        levers.update(state);
      };
    },
  });

/** Knobs: the values in effect. */
export const knobs = (): Section =>
  tableSection<unknown>({
    id: "knobs",
    title: "Knobs",
    none: "There are no knobs.",
    columns: [["Knob"], ["Value", "num"], ["", "act"]],
    items: ({ now }) => Object.entries(now.knobs),
    note: () => "",
    fill: (name, cells) => {
      const levers = leverButton("knob", name);
      cells[1]?.append(levers.node);
      return (value, state) => {
        const [shown] = cells;
        if (shown !== undefined) put(shown, value === null ? "–" : String(value));
        levers.update(state);
      };
    },
  });
