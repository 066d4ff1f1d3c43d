import type { DeniedKey } from "../../../../observe/snapshot.js";
import { el, list, put } from "../dom.js";
import { times } from "../format.js";
import { standsOut } from "../health.js";
import type { Section } from "../parts.js";

/** Whom limiters deny most, by hashes: a key may be somebody's address. */
export function denied(): Section {
  const each = el("dl");
  const note = "by hashes that this process alone can make (kit.keyHash)";
  const node = el(
    "div",
    { class: "denied" },
    el("h3", {}, "Denied most in the last 5 to 10 min"),
    el("p", { class: "note" }, note),
    each,
  );
  const show = list<readonly DeniedKey[]>(each, limited);
  return {
    node,
    update: ({ now }) => {
      const all = Object.entries(now.limiters).flatMap(([name, { topDenied }]) =>
        topDenied.length === 0 ? [] : [[name, topDenied] as const],
      );
      node.hidden = all.length === 0;
      show(all);
    },
  };
}

function limited(name: string) {
  const keys = el("ul");
  const none = el("span", { class: "note" }, "many keys, of which none stands out");
  const show = list<DeniedKey>(keys, (hash) => {
    const often = el("span");
    return {
      node: el("li", {}, el("code", {}, hash), often),
      update: (one) => put(often, times(one)),
    };
  });
  return {
    node: el("div", {}, el("dt", {}, name), el("dd", {}, keys, none)),
    update: (all: readonly DeniedKey[]) => {
      const known = all.filter(standsOut);
      none.hidden = known.length > 0;
      keys.hidden = known.length === 0;
      show(known.map((one) => [one.hash, one]));
    },
  };
}
