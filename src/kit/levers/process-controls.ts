import type { KnobSet } from "../../boundary/knobs/knob-set.js";
import { integer, oneOf } from "../../core/config.js";
import type { LeverArgs, Shedding } from "../../core/levers.js";
import { Bulkhead } from "../../primitives/bulkhead/bulkhead.js";
import type { Bindings } from "../registry.js";
import { type Control, Targets } from "./control.js";

/** What each process has of its own: bulkheads, knobs, and what sheds load. */
export function processControls(
  bindings: Bindings,
  knobs: KnobSet,
  sheddings: ReadonlyMap<string, Shedding>,
): readonly Control[] {
  const bulkheads = new Targets(() => bulkheadsOf(bindings));
  const guards = new Targets(() => sheddings);
  const slots = ({ slots: given }: LeverArgs) => integer(given, "bulkhead.resize.slots", 1);
  const below = ({ below: given }: LeverArgs) => oneOf(given, "overload.shed.below", ["critical", "high", "normal"]);
  return [
    {
      lever: "bulkhead.resize",
      describe: "Sets how many calls each process runs at a time, until it ends: then what the options or a knob say.",
      lasting: true,
      args: [{ name: "slots", kind: "number", required: true, describe: "slots of each process, at least 1" }],
      targets: () => bulkheads.names(),
      check: (_, args) => void slots(args),
      here: (target, args) => bulkheads.get(target).resize(slots(args)),
      undoHere: (target) => bulkheads.get(target).restore(),
    },
    {
      lever: "knob.set",
      describe: "Sets a knob until it ends: then the environment's value counts again, or the default.",
      lasting: true,
      args: [{ name: "value", kind: "text", required: true, describe: "as the environment would have it" }],
      // What a secret is set to would be written into the audit.
      targets: () => knobs.table().flatMap(({ name, value }) => (value === "[secret]" ? [] : [name])),
      check: (target, { value }) => void knobs.check(target, value as string),
      here: (target, { value }) => knobs.set(target, value as string),
      undoHere: (target) => knobs.clear(target),
    },
    {
      lever: "overload.shed",
      describe: "Refuses requests of lower priorities until it ends.",
      lasting: true,
      args: [
        {
          name: "below",
          kind: "text",
          required: true,
          describe: "critical, high or normal: what is of a lower priority is refused",
        },
      ],
      targets: () => guards.names(),
      check: (_, args) => void below(args),
      here: (target, args) => guards.get(target).shed(below(args)),
      undoHere: (target) => guards.get(target).restore(),
    },
  ];
}

function* bulkheadsOf(bindings: Bindings): Iterable<readonly [string, Bulkhead]> {
  for (const [name, { bulkhead }] of bindings.all("upstreams"))
    if (bulkhead instanceof Bulkhead) yield [`upstream:${name}`, bulkhead];
  for (const [name, bulkhead] of bindings.all("bulkheads")) yield [`bulkhead:${name}`, bulkhead];
}
