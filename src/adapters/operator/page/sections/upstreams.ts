import type { UpstreamSnapshot } from "../../../../primitives/upstream/snapshot.js";
import { el, list, put } from "../dom.js";
import { count, millis, percent, rate, span } from "../format.js";
import { breakerLevel } from "../health.js";
import { badge, bar, budgetBar, empty, leverButton, type Section, type State, section } from "../parts.js";
import { spark, strip } from "../spark.js";

const FACTS = ["Rate", "Errors", "p95", "In flight", "Queued", "Retries", "Time-outs", "Refused"] as const;

/** What the service calls, and how that is. */
export function upstreams(): Section {
  const cards = el("div", { class: "cards" });
  const none = empty("Nothing is called.");
  const { node, note } = section("upstreams", "Upstreams", none, cards);
  let state: State;
  const show = list<UpstreamSnapshot>(cards, (name) => card(name, () => state));
  return {
    node,
    update: (now) => {
      state = now;
      const all = Object.entries(now.now.upstreams);
      none.hidden = all.length > 0;
      const shut = all.filter(([, { breaker }]) => breaker !== null && breakerLevel(breaker.state) === "bad").length;
      put(note, shut === 0 ? "" : `${shut} of ${all.length} cut off`);
      show(all);
    },
  };
}

function card(name: string, current: () => State) {
  const level = badge();
  const wait = el("span", { class: "note" });
  const past = strip();
  const drawn = spark("first", "bad");
  const levers = leverButton("breaker|bulkhead", `upstream:${name}`, name);
  const figures = new Map(FACTS.map((fact) => [fact, el("dd")]));
  const facts = el("dl", {}, ...[...figures].map(([fact, value]) => el("div", {}, el("dt", {}, fact), value)));
  const budget = budgetBar(name);
  const retries = bar(`Retry budget used by ${name}`);
  const meters = el(
    "div",
    { class: "meters" },
    labelled("Error budget left", budget.node),
    labelled("Retries used", retries.node),
  );
  const tell = (fact: (typeof FACTS)[number], text: string) => {
    const value = figures.get(fact);
    if (value !== undefined) put(value, text);
  };
  const node = el(
    "article",
    { class: "card", "aria-label": name },
    el("header", {}, el("h3", {}, name), level.node, wait, levers.node),
    past.node,
    drawn.node,
    facts,
    meters,
  );
  return {
    node,
    update: (upstream: UpstreamSnapshot) => {
      const state = current();
      const { now, history } = state;
      const { breaker, bulkhead, running, budget: spent } = upstream;
      const flow = history.samples.at(-1)?.upstreams[name];
      level.show(breaker === null ? "idle" : breakerLevel(breaker.state), breaker?.state ?? "no breaker");
      node.dataset.level = breaker === null ? "idle" : breakerLevel(breaker.state);
      const again = breaker?.retryAfterMs ?? 0;
      put(wait, again > 0 ? `tries again in ${span(again)}` : "");
      past.draw(history.samples.map(({ breakers }) => breakers[name] ?? "none"));
      const flows = history.samples.map(({ upstreams }) => upstreams[name]);
      drawn.draw(
        flows.map((one) => one?.rate ?? null),
        // Where nothing failed there is no line to look at.
        flows.map((one) => (one?.rate == null || !one.errors ? null : one.rate * one.errors)),
      );
      tell("Rate", rate(flow?.rate));
      tell("Errors", percent(flow?.errors ?? 0));
      tell("p95", millis(flow?.p95));
      tell("In flight", bulkhead === null ? count(running) : `${bulkhead.running}/${bulkhead.limit}`);
      tell("Queued", bulkhead === null ? "–" : `${bulkhead.queued}/${bulkhead.maxQueue}`);
      tell("Retries", rate(history.rate(now, ({ upstreams }) => upstreams[name]?.retries)));
      tell("Time-outs", rate(history.rate(now, ({ upstreams }) => upstreams[name]?.timeouts)));
      tell("Refused", rate(history.rate(now, ({ upstreams }) => upstreams[name]?.rejected)));
      const objective = now.objectives[`upstream:${name}`];
      budget.node.parentElement?.toggleAttribute("hidden", objective === undefined);
      if (objective !== undefined) budget.show(objective.budgetLeft);
      retries.node.parentElement?.toggleAttribute("hidden", spent === null);
      if (spent !== null) {
        const allowed = Math.max(spent.minimum, spent.calls * spent.ratio);
        const share = allowed === 0 ? 1 : spent.retries / allowed;
        retries.show(
          share,
          share >= 1 ? "bad" : share > 0.7 ? "warn" : "ok",
          `${spent.retries} of ${Math.floor(allowed)}`,
        );
      }
      levers.update(state);
    },
  };
}

function labelled(text: string, node: Node): HTMLElement {
  return el("div", { class: "meter" }, el("span", { class: "label" }, text), node);
}
