import type { LimitDecision } from "../../kernel/limit/limit.js";
import type { Limiter } from "../../primitives/limiter/limiter.js";

/** The largest integer of a structured field (RFC 9651, section 3.3.1). */
const MOST = 999_999_999_999_999;

/** A name as a string of a structured field: what is not printable ASCII can't stand in one. */
export function fieldString(name: string): string {
  return `"${name.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}

/**
 * One item of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers): `"chat";q=100;w=60`. Made again only when the
 * limiter's policy changes.
 */
export class PolicyField {
  readonly #name: string;
  #limit = -1;
  #windowMs = -1;
  #item = "";

  constructor(name: string) {
    this.#name = fieldString(name);
  }

  item({ limit, windowMs }: Omit<Limiter["policy"], "burst">): string {
    if (limit !== this.#limit || windowMs !== this.#windowMs) {
      this.#limit = limit;
      this.#windowMs = windowMs;
      this.#item = `${this.#name};q=${Math.min(limit, MOST)};w=${Math.max(1, Math.ceil(windowMs / 1000))}`;
    }
    return this.#item;
  }

  /**
   * One item of RateLimit: `"chat";r=50;t=30`. `t` is when the limit is whole again; for a refusal, when the same
   * request could be allowed.
   *
   * @param refused whether the answer has a Retry-After, which must not lie before any `t`: then limits that are not
   * reached have none
   */
  state({ allowed, remaining, resetMs, retryAfterMs }: LimitDecision, refused: boolean): string {
    const left = `${this.#name};r=${Math.min(Math.max(0, Math.floor(remaining)), MOST)}`;
    return allowed && refused ? left : `${left};t=${Math.ceil((allowed ? resetMs : retryAfterMs) / 1000)}`;
  }
}

/** A decision that an answer's headers tell of. */
export interface Noted {
  readonly field: PolicyField;
  readonly policy: Limiter["policy"];
  readonly decision: LimitDecision;
}

/** The RateLimit fields of an answer, one list item a limit. */
export function rateLimitFields(noted: readonly Noted[], status: number): [name: string, value: string][] {
  let policies = "";
  let states = "";
  const refused = status === 429 || status === 503;
  for (const { field, policy, decision } of noted) {
    const separator = policies === "" ? "" : ", ";
    policies += separator + field.item(policy);
    states += separator + field.state(decision, refused);
  }
  return [
    ["ratelimit-policy", policies],
    ["ratelimit", states],
  ];
}
