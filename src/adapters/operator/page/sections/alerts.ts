import { el, list, mark, put } from "../dom.js";
import { count, span } from "../format.js";
import { type Firing, firing } from "../health.js";
import { badge, empty, type Section, section } from "../parts.js";

/** What fires, whom it concerns and where is written what to do. */
export function alerts(): Section {
  const items = el("ul", { class: "alerts" });
  const none = empty("No alert is firing.");
  const { node, note } = section("alerts", "Alerts", none, items);
  let at = 0;
  const show = list<Firing>(items, () => {
    const level = badge();
    const title = el("strong");
    const facts = el("span", { class: "facts" });
    const book = el("a", { rel: "noreferrer", target: "_blank" }, "Runbook");
    const where = el("code");
    return {
      node: el("li", {}, level.node, title, facts, el("span", { class: "book" }, book, where)),
      update: ({ objective, severity, owner, runbook, since, burn, windows }) => {
        level.show(severity === "page" ? "bad" : "warn", severity === "page" ? "Page" : "Ticket");
        put(title, objective);
        const over = windows.map((sec) => span(sec * 1000)).join(", ");
        const pace = burn === null ? "" : `budget burns ${count(burn)}× as fast as it may, over ${over} · `;
        put(facts, `${pace}for ${since === null ? "a moment" : span(at - since)} · owner ${owner}`);
        const link = /^https?:\/\//.test(runbook);
        book.hidden = !link;
        where.hidden = link;
        if (link) mark(book, "href", runbook);
        put(where, runbook);
      },
    };
  });
  return {
    node,
    update: ({ now }) => {
      at = now.at;
      const all = firing(now);
      none.hidden = all.length > 0;
      put(note, all.length > 0 ? `${all.length} firing` : "");
      node.classList.toggle("firing", all.length > 0);
      show(all.map((one) => [one.objective, one]));
    },
  };
}
