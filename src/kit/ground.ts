import type { Knobs } from "../boundary/knobs/knob.js";
import { KnobSet } from "../boundary/knobs/knob-set.js";
import { type Clock, systemClock } from "../core/clock.js";
import { ConfigError, oneOf, onlyKnown } from "../core/config.js";
import type { Context } from "../core/context.js";
import { milliseconds } from "../core/duration.js";
import { Events } from "../core/events.js";
import type { ProcessMeter, ProcessMeterSource } from "../core/process-usage.js";
import type { Runtime } from "../core/runtime.js";
import type { Capability, Store } from "../core/store.js";
import { Work } from "../core/work.js";
import { SliWindows } from "../observe/sli-windows.js";
import type { OverloadOptions } from "../primitives/overload/options.js";
import { OverloadGuard } from "../primitives/overload/overload-guard.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ServiceStores } from "./service-store.js";
import type { KitOptions } from "./types.js";

/** What everything in a kit stands on: made of its options, before anything is defined. */
export interface Ground {
  readonly rt: Runtime;
  readonly knobs: KnobSet;
  readonly work: Work;
  readonly slis: SliWindows;
  readonly stores: ServiceStores;
  /** Whether definitions can be used right here; not where each call brings its store. */
  readonly bound: boolean;
  /** The store that the kit made for itself, and has to close. */
  readonly ownStore: Store | undefined;
  /** What other processes of the service see, too. */
  readonly sharedStore: Store | undefined;
  /** Where objectives are judged together; `undefined`: by each process for itself. */
  readonly sloStore: Store | undefined;
  readonly overload: OverloadGuard | undefined;
  readonly process: ProcessMeter | undefined;
  /** How often levers are looked for. */
  readonly leversEveryMs: number;
}

/**
 * @throws {ConfigError} when an option is not what it may be
 * @throws {KnobError} naming every environment variable that is missing or bad
 */
export function groundOf(options: KitOptions<Knobs, Capability, unknown>): Ground {
  onlyKnown(options, "createKit", [
    "service",
    "store",
    "knobs",
    "env",
    "clock",
    "random",
    "carrier",
    "overload",
    "process",
    "onListenerError",
    "sloScope",
    "levers",
  ]);
  const { service, levers = {}, clock = systemClock, random = Math.random, carrier, onListenerError, env } = options;
  if (typeof service !== "string" || !/^[\w.-]+$/.test(service)) {
    throw new ConfigError("createKit.service", service, "a name of letters, digits, dots, dashes and underscores");
  }
  onlyKnown(levers, "createKit.levers", ["every"]);
  const leversEveryMs = milliseconds(levers.every ?? "5s", "createKit.levers.every", 100);
  const events = new Events(onListenerError);
  const knobs = new KnobSet(options.knobs ?? {}, { clock, events, ...(env && { env }) });
  const bound = options.store?.capability !== "none";
  const ownStore = options.store === undefined ? memoryStore({ clock }) : undefined;
  const store = ownStore ?? options.store;
  const stores = new ServiceStores(service);
  const slis = new SliWindows(clock);
  const work = new Work();
  const parts: Runtime = {
    service,
    clock,
    random,
    events,
    knobs,
    work,
    // What lives for one call can't count for itself.
    ...(bound && { sli: slis.recorder }),
    ...(carrier !== undefined && {
      currentContext: () => carrier.current(),
      inContext: <T>(context: Context, fn: () => T) => carrier.run(context, fn),
    }),
    ...(bound && store !== undefined && { store: stores.of(store) }),
  };
  const overload = overloadGuard(options.overload, parts, bound);
  const rt: Runtime = { ...parts, ...(overload !== undefined && { overload }) };
  const sharedStore = ownStore === undefined ? rt.store : undefined;
  const together = oneOf(options.sloScope ?? "service", "createKit.sloScope", ["service", "process"]) === "service";
  const sloStore = together ? sharedStore : undefined;
  // The last of all: it begins to measure, and nobody would stop it if an option were refused after it.
  const process = processMeter(options.process, clock, bound);
  return { rt, knobs, work, slis, stores, bound, ownStore, sharedStore, sloStore, overload, process, leversEveryMs };
}

function overloadGuard(
  options: OverloadOptions<never> | undefined,
  rt: Runtime,
  bound: boolean,
): OverloadGuard | undefined {
  if (bound) return new OverloadGuard(rt.service, options, rt, "createKit.overload");
  if (options === undefined) return undefined;
  throw new ConfigError("createKit.overload", options, "nothing: what lives for one call can't be overloaded");
}

function processMeter(source: ProcessMeterSource | undefined, clock: Clock, bound: boolean): ProcessMeter | undefined {
  if (source === undefined) return undefined;
  if (!bound)
    throw new ConfigError("createKit.process", source, "nothing: what lives for one call has no process of its own");
  if (typeof source === "function") return source(clock);
  const allowed = "what measures the process, such as processUsage() of keelson/node";
  throw new ConfigError("createKit.process", source, allowed);
}
