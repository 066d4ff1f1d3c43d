import type { KnobSet } from "../../boundary/knobs/knob-set.js";
import type { Shedding } from "../../core/levers.js";
import type { Store } from "../../core/store.js";
import type { Bindings } from "../registry.js";
import { breakerControls } from "./breaker-controls.js";
import { FencedText } from "./fenced-text.js";
import { KitLevers, type LeverParts } from "./kit-levers.js";
import { processControls } from "./process-controls.js";
import { SharedLedger } from "./shared-ledger.js";
import { storeControls } from "./store-controls.js";

/** Makes the levers of a kit whose process has its own breakers and all that. */
export function leversOfKit(
  bindings: Bindings,
  store: Store,
  knobs: KnobSet,
  sheddings: ReadonlyMap<string, Shedding>,
  parts: Pick<LeverParts, "shared" | "changed">,
): KitLevers {
  const controls = [
    ...breakerControls(bindings),
    ...processControls(bindings, knobs, sheddings),
    ...storeControls(bindings, false),
  ];
  return made(bindings, store, { ...parts, perCall: false, controls: () => controls });
}

/** Makes the levers of one call: what lies in the store. */
export function leversOfCall(bindings: Bindings, store: Store): KitLevers {
  const controls = [...breakerControls(bindings), ...storeControls(bindings, true)];
  return made(bindings, store, {
    shared: true,
    perCall: true,
    controls: () => {
      bindings.makeAll();
      return controls;
    },
  });
}

function made(
  { rt: { clock, random, events } }: Bindings,
  store: Store,
  parts: Omit<LeverParts, "ledger" | "clock" | "events">,
): KitLevers {
  return new KitLevers({
    clock,
    events,
    ledger: new SharedLedger(new FencedText(store, "levers", clock, random)),
    ...parts,
  });
}
