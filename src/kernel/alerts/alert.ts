import type { Kernel } from "../../core/kernel.js";

/** How an alert's windows look. `lingering`: too little to begin an alert, too much to end one. */
export type AlertVerdict = "burning" | "lingering" | "calm";

/** Options of an alert's cell. */
export interface AlertConfig {
  /** How long it has to be calm, without a break, before the alert is over. */
  readonly holdMs: number;
  /** How long the state matters after it was last written. */
  readonly keepMs: number;
}

/** What is told an alert's cell; `look` leaves it as it is. */
export interface AlertInput {
  readonly op: "look" | AlertVerdict;
  /** A random whole number from 1 up to 48 bits: who tells it. */
  readonly by: number;
}

/** How the alert stands. */
export interface AlertDecision {
  readonly firing: boolean;
  /** When it began to fire, or was over, in milliseconds of the store's clock; 0 when it never fired. */
  readonly since: number;
  /** Who brought that about, and has to tell it; 0: nobody. */
  readonly by: number;
}

const NEVER: AlertDecision = { firing: false, since: 0, by: 0 };

/**
 * One alert of one indicator: inactive → firing → resolved. It fires with the first `burning` verdict, and is over when
 * all verdicts have been `calm` for `holdMs`, so that what goes up and down around a threshold is one alert and not many.
 *
 * Several processes tell it what they see. Whoever brings a change about stands in the state, and is the one to tell
 * the world: once, also when the first answer of the store was lost, or another process sees the same a moment later.
 *
 * State: `[firing (1 or 0), since, when it last was not calm, by]`.
 */
export const alertKernel: Kernel<readonly number[], AlertConfig, AlertInput, AlertDecision> = {
  name: "alert",
  version: 1,
  width: 4,
  step(state, now, { holdMs, keepMs }, { op, by }) {
    const next = after(state, now, holdMs, op, by);
    const [firing, since, , who] = (next ?? state ?? []) as readonly [number?, number?, number?, number?];
    const decision = since === undefined ? NEVER : { firing: firing === 1, since, by: who ?? 0 };
    return { granted: true, decision, state: next, ttlMs: next === undefined ? 0 : keepMs };
  },
};

/** The new state; `undefined`: as it was. */
function after(
  state: readonly number[] | undefined,
  now: number,
  holdMs: number,
  op: AlertInput["op"],
  by: number,
): readonly number[] | undefined {
  const firing = state?.[0] === 1;
  if (op === "burning" && !firing) return [1, now, now, by];
  if (op === "look" || state === undefined || !firing) return undefined;
  const [, since, warmAt, who] = state as readonly [number, number, number, number];
  // (A clock that went back begins the wait anew: better an alert too long than one that is over too soon.)
  if (op !== "calm" || warmAt > now) return [1, since, now, who];
  return now - warmAt >= holdMs ? [0, now, now, by] : undefined;
}
