import { targetSchema } from "../config/request.js";
import { type Stage, scenarioSchema, stageSchema } from "../config/scenario.js";
import type { Batch, Sink } from "./batch.js";
import type { LaneSpec } from "./lane.js";
import { OUTCOMES } from "./outcome.js";

/** A lane to a place of a test's server. */
export function lane(name: string, url: string, scenario: object): LaneSpec {
  return {
    name,
    scenarioName: name,
    scenario: scenarioSchema.parse({ request: { path: `/${name}` }, ...scenario }),
    target: targetSchema.parse(url),
  };
}

export function stage(of: object): Stage {
  return stageSchema.parse(of);
}

/** A request that ended. */
interface Ended {
  readonly stage: number;
  readonly lane: number;
  readonly outcome: string;
  readonly due: number;
  readonly sent: number;
  readonly done: number;
}

/** Keeps every request. */
export class Kept implements Sink {
  readonly requests: Ended[] = [];
  readonly reasons = new Map<string, number>();

  take({ length, stage: stages, lane: lanes, outcome, due, sent, done, reasons }: Batch): void {
    for (let at = 0; at < length; at++)
      this.requests.push({
        stage: stages[at] ?? -1,
        lane: lanes[at] ?? -1,
        outcome: OUTCOMES[outcome[at] ?? -1] ?? "?",
        due: due[at] ?? Number.NaN,
        sent: sent[at] ?? Number.NaN,
        done: done[at] ?? Number.NaN,
      });
    for (const { reason, count } of reasons) this.reasons.set(reason, count + (this.reasons.get(reason) ?? 0));
  }
}

/** Requests that ended, as a batch. */
export function batch(requests: readonly Partial<Omit<Ended, "outcome"> & { readonly outcome: number }>[]): Batch {
  return {
    length: requests.length,
    stage: Uint16Array.from(requests, (one) => one.stage ?? 0),
    lane: Uint16Array.from(requests, (one) => one.lane ?? 0),
    outcome: Uint8Array.from(requests, (one) => one.outcome ?? 0),
    due: Float64Array.from(requests, (one) => one.due ?? 0),
    sent: Float64Array.from(requests, (one) => one.sent ?? one.due ?? 0),
    done: Float64Array.from(requests, (one) => one.done ?? 0),
    reasons: [],
    inFlight: 0,
  };
}

/** A certificate for localhost that nobody vouches for, valid until 2126, and its key: for tests alone. */
export const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIN6tqoXLWlTzfByH
jJoaHEjm5sgTpKfxz8/KHJAZclOhRANCAASTpg63IA5irGq2zZ93mFzdLEW1zC9E
EXGZU4dXzDSJhlLJ7MZ2p45EHyQLCWAk2VnpeJvvajD56mKEo4UtTDnl
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUIO3LTza8g06ALJnSrYpKc8i6vXowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODE2NTUzMVoYDzIxMjYxMTA0
MTY1NTMxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASTpg63IA5irGq2zZ93mFzdLEW1zC9EEXGZU4dXzDSJhlLJ7MZ2p45E
HyQLCWAk2VnpeJvvajD56mKEo4UtTDnlo1MwUTAdBgNVHQ4EFgQU427OoYNKG99y
YGt88TWJB3hr01gwHwYDVR0jBBgwFoAU427OoYNKG99yYGt88TWJB3hr01gwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAN8EFYdKXJkhiG/s1k+yn4
Lfneyf7JInMXhzLetjUmTwIhAKTsopncxuwZ/eio2JL8iYe/o1zEj79S6BxC/zhF
dtsh
-----END CERTIFICATE-----`,
};
