import type { EventMap, EventType } from "../core/events.js";
import { NOTICE_RULES, type NoticeRule } from "./notices.js";
import type { Listening } from "./sink.js";

/** What hears of events that a rule is about; `key` is the same for what goes together. */
export type NoticeHearer = (rule: NoticeRule, event: EventMap[EventType], key: string) => void;

/**
 * Listens to the events that rules are about, and to no others.
 *
 * @param counting whether not all of it is told, so that what nobody else hears is reported elsewhere, too
 */
export function feedNotices(listening: Listening, hear: NoticeHearer, counting = false): void {
  const types = new Set(NOTICE_RULES.map(({ type }) => type));
  for (const type of types) {
    const rules = NOTICE_RULES.filter((rule) => rule.type === type);
    const heard = (event: EventMap[EventType]) => {
      for (const rule of rules) {
        if (rule.when === undefined || rule.when(event as never)) hear(rule, event, `${rule.kind}:${event.name}`);
      }
    };
    listening.to(type, heard, { counting });
  }
}
