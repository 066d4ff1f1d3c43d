import type { Target } from "../config/request.js";
import { UnavailableError } from "../failure.js";
import type { HttpClient } from "./exchange.js";

/**
 * Sees that a target answers at all, whatever it answers: a service that isn't there is no failing service.
 *
 * @throws {UnavailableError} naming the address, and why
 */
export async function preflight(client: HttpClient, target: Target, signal: AbortSignal): Promise<void> {
  const url = new URL(target.url);
  const answer = await client.ask({ method: "GET", url, headers: target.headers, timeoutMs: 5_000, signal });
  if (answer.kind === "network" || answer.kind === "timeout")
    throw new UnavailableError(`${url.origin} can't be reached (${answer.code})`);
}
