import { list, put } from "../dom.js";
import { millis, percent, rate } from "../format.js";
import type { Flow } from "../history.js";
import {
  badge,
  budgetBar,
  type Column,
  leverButton,
  named,
  row,
  type Section,
  type State,
  section,
  table,
} from "../parts.js";
import { spark } from "../spark.js";

const COLUMNS: readonly Column[] = [
  ["Endpoint"],
  ["Rate", "num"],
  ["Errors", "num"],
  ["p50", "num"],
  ["p95", "num"],
  ["p99", "num"],
  ["Budget left"],
  ["p50 · p95 · p99", "past"],
  ["", "act"],
];

/** Who is served how. */
export function endpoints(): Section {
  const { node: rows, body } = table("Endpoints", COLUMNS);
  const { node, note } = section("endpoints", "Endpoints", rows);
  let state: State;
  const show = list<Flow>(body, (name) => {
    const { node: line, cells } = row(COLUMNS);
    const [title, calls, errors, p50, p95, p99, budget, past, act] = cells;
    named(title, name);
    const failing = badge();
    errors?.append(failing.node);
    const drawn = spark("first", "second", "third");
    past?.append(drawn.node);
    const left = budgetBar(name);
    budget?.append(left.node);
    const levers = leverButton("overload|limiter", name);
    act?.append(levers.node);
    return {
      node: line,
      update: (flow) => {
        const { samples } = state.history;
        if (calls) put(calls, rate(flow.rate));
        const share = flow.errors ?? 0;
        failing.show(share >= 0.05 ? "bad" : share > 0 ? "warn" : flow.rate ? "ok" : "idle", percent(share));
        if (p50) put(p50, millis(flow.p50));
        if (p95) put(p95, millis(flow.p95));
        if (p99) put(p99, millis(flow.p99));
        const lines = (["p50", "p95", "p99"] as const).map((key) =>
          samples.map(({ endpoints }) => endpoints[name]?.[key] ?? null),
        );
        drawn.draw(...lines);
        const objective = state.now.objectives[`endpoint:${name}`];
        left.node.hidden = objective === undefined;
        if (objective !== undefined) left.show(objective.budgetLeft);
        levers.update(state);
      },
    };
  });
  return {
    node,
    update: (now) => {
      state = now;
      const flows = Object.entries(now.history.samples.at(-1)?.endpoints ?? {});
      put(note, "rate and errors over 10 s, percentiles over 5 min");
      show(flows);
    },
  };
}
