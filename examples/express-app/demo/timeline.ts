import type { Happened } from "../service/recent-events.js";
import { acted } from "./acted.js";

/** What changes how the service behaves: the turns of an incident. What single requests met is in the tables. */
const TURNS: ReadonlySet<string> = new Set([
  "breaker.transition",
  "cache.failed",
  "store.failure",
  "alert.firing",
  "alert.resolved",
  "lever.pulled",
  "overload.shed",
]);

/** What happened over the whole demo, in order, as it is told afterwards. */
export class Timeline {
  readonly #begin: number;
  readonly #lines: { at: number; readonly title: string; readonly what: string; times: number }[] = [];

  constructor(begin: number) {
    this.#begin = begin;
  }

  /** @param title of the situation that was played */
  add(title: string, events: readonly Happened[]): void {
    for (const event of events) {
      const what = TURNS.has(event.type) ? phrase(event) : "";
      if (what === "") continue;
      const last = this.#lines.at(-1);
      if (last?.title === title && last.what === what) last.times++;
      else this.#lines.push({ at: event.at, title, what, times: 1 });
    }
  }

  /** `  12.3 s  The model is down           breaker openrouter: closed → open`. */
  lines(): string[] {
    const width = Math.max(0, ...this.#lines.map(({ title }) => title.length));
    return this.#lines.map(({ at, title, what, times }) => {
      const seconds = ((at - this.#begin) / 1_000).toFixed(1).padStart(7);
      return `${seconds} s  ${title.padEnd(width)}  ${what}${times > 1 ? ` ×${times}` : ""}`;
    });
  }
}

function phrase(event: Happened): string {
  const { type, name, detail } = event;
  switch (type) {
    case "alert.firing":
      return `alert (${detail.severity}) on ${detail.sli}: ${detail.owner}, ${detail.runbook}`;
    case "alert.resolved":
      return `alert on ${detail.sli} is over`;
    case "lever.pulled":
      return `${detail.by} pulled ${detail.lever} on ${name}: ${detail.reason}`;
    case "overload.shed":
      return "requests are refused, for there are more than can be done";
    default:
      return acted([event]);
  }
}
