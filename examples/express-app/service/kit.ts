import { createKit, type TrustProxy } from "keelson";
import { processUsage } from "keelson/node";
import { knobs } from "./knobs.js";
import type { State } from "./state.js";

/** Variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The kit that everything in the service is defined with. */
export type ShopKit = ReturnType<typeof createShopKit>;

/** @throws {KnobError} naming every variable that can't be used */
export function createShopKit(env: Environment, store: State["store"]) {
  return createKit({ service: "shop-assistant", store, knobs, env, process: processUsage() });
}

/** Which proxies are believed about a client's address. */
export function trustProxy({ knobs: { TRUST_PROXY_HOPS } }: ShopKit): TrustProxy {
  return TRUST_PROXY_HOPS === 0 ? false : TRUST_PROXY_HOPS;
}
