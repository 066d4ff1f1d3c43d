import type { AuditEntry, LeverEntry } from "../../levers.js";
import { el, list, put } from "../dom.js";
import { clock, span } from "../format.js";
import { badge, empty, type Section, type State, section } from "../parts.js";

/** Levers that are pulled, and who did what before. */
export function levers(): Section {
  const active = el("ul", { class: "levers" });
  const none = empty("No lever is pulled.");
  const log = el("ol", { class: "audit" });
  const silent = empty("Nobody has done anything yet.");
  const open = el("button", { type: "button", click: () => state?.act("", "") }, "Pull a lever…");
  const { node, note } = section(
    "levers",
    "Levers",
    none,
    active,
    el("div", { class: "actions" }, open),
    el("details", {}, el("summary", {}, el("h3", {}, "Audit log")), silent, log),
  );
  let state: State | undefined;
  const showActive = list<LeverEntry>(active, (id) => pulled(id, () => state));
  const showLog = list<AuditEntry>(log, () => {
    const line = el("li");
    return { node: line, update: (entry) => put(line, told(entry, state?.now.at ?? 0)) };
  });
  return {
    node,
    update: (now) => {
      state = now;
      const { active: all, audit, catalogue } = now.levers;
      none.hidden = all.length > 0;
      // Until they were asked for, nobody knows.
      const has = catalogue.length > 0 || now.levers.operator === "";
      put(none, has ? "No lever is pulled." : "This service has no levers.");
      open.hidden = catalogue.length === 0;
      put(note, all.length === 0 ? "" : `${all.length} pulled`);
      showActive(all.map((one) => [one.id, one]));
      silent.hidden = audit.length > 0;
      showLog(audit.map((one, at) => [keyOf(one, at), one]));
    },
  };
}

function pulled(id: string, current: () => State | undefined) {
  const level = badge();
  const what = el("strong");
  const why = el("q");
  const facts = el("span", { class: "facts" });
  const release = el("button", { type: "button", class: "quiet", click: () => current()?.release(id) }, "Release…");
  return {
    node: el("li", {}, level.node, el("div", {}, what, why, facts), release),
    update: ({ lever, target, args, by, reason, at, expiresAt }: LeverEntry) => {
      const now = current()?.now.at ?? 0;
      level.show("warn", "Pulled");
      put(what, `${lever} ${target}${argsOf(args)}`);
      put(why, reason);
      const until =
        expiresAt === null ? "until released" : `${span(expiresAt - now)} left, until ${clock(expiresAt, now)}`;
      put(facts, `${by}, ${clock(at, now)} · ${until}`);
      release.setAttribute("aria-label", `Release ${lever} of ${target}`);
    },
  };
}

function argsOf(args: LeverEntry["args"]): string {
  const all = Object.entries(args);
  return all.length === 0 ? "" : ` (${all.map(([name, value]) => `${name} ${value}`).join(", ")})`;
}

/** A line of the log, of whatever fields it has. */
function told(entry: AuditEntry, now: number): string {
  const { at, action, by, lever, target, reason, entry: about } = entry as Readonly<Record<string, unknown>>;
  const of = (typeof about === "object" && about !== null ? about : {}) as Readonly<Record<string, unknown>>;
  const parts = [by ?? of.by, action, lever ?? of.lever, target ?? of.target].filter(
    (part) => typeof part === "string",
  );
  const why = reason ?? of.reason;
  return `${typeof at === "number" ? `${clock(at, now)}  ` : ""}${parts.join(" ")}${typeof why === "string" ? `: ${why}` : ""}`;
}

function keyOf(entry: AuditEntry, at: number): string {
  const { id, at: when, action } = entry as Readonly<Record<string, unknown>>;
  return id === undefined ? `${String(when)}-${at}` : `${String(id)}-${String(action)}-${String(when)}`;
}
