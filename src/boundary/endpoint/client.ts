import { ConfigError, integer } from "../../core/config.js";
import { type Address, type Block, clientKey, inBlock, parseAddress, parseBlock } from "./address.js";
import type { Incoming } from "./incoming.js";

/**
 * Which proxies are believed when they say where a request came from.
 *
 * - `false`: none. The client is whoever is at the other end of the connection.
 * - a number: so many proxies stand in front, each of which appends to `X-Forwarded-For`.
 * - a list of addresses and blocks (`["10.0.0.0/8", "fd00::/8"]`): these are proxies.
 * - an object names another header: `{ header: "forwarded", proxies: 1 }` (RFC 7239), or one that the platform sets
 *   and clients can't, `{ header: "cf-connecting-ip" }`.
 */
export type TrustProxy =
  | false
  | number
  | readonly string[]
  | { readonly header: string /** Default 1. */; readonly proxies?: number | readonly string[] };

/** Says who is calling, as a key to limit by. */
export type ClientOf = (incoming: Incoming) => string;

/** The key of everybody whose address is not known. They share one limit, so that nobody escapes it. */
export const UNKNOWN_CLIENT = "unknown";

/**
 * Makes the function that finds the client of a request. Forwarding headers are read from right to left, past proxies
 * that are believed: what stands further left was written by the client and may be anything. Where a believed proxy
 * wrote something that is no address, the address of the connection counts.
 *
 * @throws {ConfigError} when `trust` is none of what {@link TrustProxy} allows
 */
export function clientOf(trust: TrustProxy, option: string): ClientOf {
  if (trust === false) return (incoming) => socketKey(incoming.remoteAddress);
  const named = typeof trust === "object" && !Array.isArray(trust) ? (trust as { header: string }) : undefined;
  const header = (named?.header ?? "x-forwarded-for").toLowerCase();
  const proxies = named === undefined ? trust : ((named as { proxies?: number | readonly string[] }).proxies ?? 1);
  const hops = header === "forwarded" ? forwardedHops : listHops;
  if (!/^[\w-]+$/.test(header)) throw wrong(trust, option);
  if (typeof proxies === "number") {
    const count = integer(proxies, option, 1, 32);
    return (incoming) => behind(incoming, hops(incoming.header(header)), count);
  }
  if (!Array.isArray(proxies)) throw wrong(trust, option);
  const blocks = proxies.map((text: string) => {
    const block = parseBlock(text);
    if (block === undefined) throw wrong(text, option);
    return block;
  });
  return (incoming) => beyond(incoming, hops(incoming.header(header)), blocks);
}

function wrong(value: unknown, option: string): ConfigError {
  return new ConfigError(option, value, 'false, a number of proxies, or a list of addresses like "10.0.0.0/8"');
}

/** The client behind `count` proxies, the nearest of which is at the other end of the connection. */
function behind(incoming: Incoming, hops: readonly string[], count: number): string {
  const hop = hops[Math.max(0, hops.length - count)];
  const address = hop === undefined ? undefined : parseAddress(hop);
  return address === undefined ? socketKey(incoming.remoteAddress) : clientKey(address);
}

/** The first address, counted from here, that is not a proxy's. */
function beyond(incoming: Incoming, hops: readonly string[], blocks: readonly Block[]): string {
  const isProxy = (address: Address) => blocks.some((block) => inBlock(address, block));
  let at = incoming.remoteAddress === undefined ? undefined : parseAddress(incoming.remoteAddress);
  if (at === undefined) return UNKNOWN_CLIENT;
  for (let hop = hops.length - 1; hop >= 0 && isProxy(at); hop--) {
    const next = parseAddress(hops[hop] as string);
    if (next === undefined) return socketKey(incoming.remoteAddress);
    at = next;
  }
  return clientKey(at);
}

/** Kept from the last request: a connection's address is asked for again and again. */
let lastRemote: string | undefined;
let lastKey = UNKNOWN_CLIENT;

function socketKey(remote: string | undefined): string {
  if (remote === lastRemote) return lastKey;
  const address = remote === undefined ? undefined : parseAddress(remote);
  lastRemote = remote;
  lastKey = address === undefined ? UNKNOWN_CLIENT : clientKey(address);
  return lastKey;
}

/** The entries of a list header, nearest last. */
function listHops(header: string | null): string[] {
  return header === null ? [] : header.split(",");
}

/** The `for=` of each element of a Forwarded header (RFC 7239, section 4), nearest last. */
function forwardedHops(header: string | null): string[] {
  return listHops(header).map((element) => {
    const found = /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s"]+))/i.exec(element);
    return found?.[1] ?? found?.[2] ?? "";
  });
}
