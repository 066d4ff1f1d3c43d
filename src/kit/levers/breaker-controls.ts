import { Breaker } from "../../primitives/breaker/breaker.js";
import type { StoredBreaker } from "../../primitives/breaker/stored-breaker.js";
import type { Bindings } from "../registry.js";
import { type Control, Targets } from "./control.js";

/** Breakers: each process has its own, or they lie in the store and are set there once. */
export function breakerControls(bindings: Bindings): readonly Control[] {
  const breakers = new Targets(() => all(bindings));
  const forced = (lever: Control["lever"], describe: string, to: "isolate" | "disable"): Control => {
    const name = to === "isolate" ? "isolated" : "disabled";
    return {
      lever,
      describe,
      lasting: true,
      args: [],
      targets: () => breakers.names(),
      here(target) {
        const breaker = breakers.get(target);
        if (breaker instanceof Breaker) breaker[to]();
      },
      undoHere(target) {
        const breaker = breakers.get(target);
        // Somebody may have set it otherwise by hand meanwhile.
        if (breaker instanceof Breaker && breaker.state === name) breaker.close();
      },
      async once(target) {
        const breaker = breakers.get(target);
        await breaker[to]();
        return undefined;
      },
      async undoOnce(target) {
        const breaker = breakers.get(target);
        if (!(breaker instanceof Breaker) && (await breaker.state()) === name) await breaker.reset();
      },
    };
  };
  return [
    forced("breaker.isolate", "Rejects every call until it ends.", "isolate"),
    forced("breaker.disable", "Lets every call through and counts nothing until it ends.", "disable"),
    {
      lever: "breaker.close",
      describe: "Closes the circuit now, with nothing counted; ends an isolation, or that it was disabled.",
      lasting: false,
      args: [],
      targets: () => breakers.names(),
      here(target) {
        const breaker = breakers.get(target);
        if (breaker instanceof Breaker) breaker.close();
      },
      async once(target) {
        const breaker = breakers.get(target);
        if (breaker instanceof Breaker) breaker.close();
        else await breaker.reset();
        return undefined;
      },
    },
  ];
}

function* all(bindings: Bindings): Iterable<readonly [string, Breaker | StoredBreaker]> {
  for (const [name, { breaker }] of bindings.all("upstreams"))
    if (breaker !== undefined) yield [`upstream:${name}`, breaker];
  for (const [name, breaker] of bindings.all("breakers")) yield [`breaker:${name}`, breaker];
}
