import type { Capability, Store } from "./store.js";

/** What a definition can do, by what the place it is bound to can do. */
export type Capabilities = Record<Capability, unknown>;

/** A definition: a named value that is bound to a place to be used. `M` says what it can do where. */
export interface Bindable<out M extends Capabilities> {
  readonly name: string;
  readonly "~capabilities"?: M;
}

/** A definition together with what can be done with it right here. */
export type Face<M extends Capabilities, C extends Capability> = Bindable<M> & M[C];

/** Binds a definition to this call. Where the kit is already bound (Node), it hands back the definition itself. */
export type Use<C extends Capability> = <M extends Capabilities>(definition: Bindable<M>) => M[C];

/**
 * The store of a kit that is defined once, at module level, and bound to each call's ctx later, with
 * `kit.using(store)`: definitions made with it have no operations until then.
 */
export function perCall<Ctx>(): Store<"none", Ctx> {
  return new Proxy({} as Store<"none", Ctx>, {
    get(_, property) {
      if (property === "capability") return "none";
      if (property === "kind") return "per-call";
      throw new TypeError(
        `This kit is bound to each call: use kit.using(store).use(definition) there (wanted: ${String(property)})`,
      );
    },
  });
}
