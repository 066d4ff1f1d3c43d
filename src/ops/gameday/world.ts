import { setTimeout as pause } from "node:timers/promises";
import { type Exchanged, HttpClient, type Sent } from "../http/exchange.js";
import { type ProgramCall, type ProgramResult, runProgram } from "../process/run-program.js";

/** What experiments do to the world, and know of it; tests put something else in its place. */
export interface World {
  /** @param verifyTls whether certificates have to be vouched for */
  ask(sent: Sent, verifyTls: boolean): Promise<Exchanged>;
  run(call: ProgramCall): Promise<ProgramResult>;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  now(): Date;
  /** Milliseconds, for durations. */
  monotonic(): number;
}

/** The real one, which is to be closed. */
export function realWorld(now: () => Date): World & { close(): Promise<void> } {
  const strict = new HttpClient();
  const lax = new HttpClient({ insecureTls: true });
  return {
    ask: (sent, verifyTls) => (verifyTls ? strict : lax).ask(sent),
    run: runProgram,
    sleep: async (ms, signal) => {
      // Being woken is no failure: whoever sleeps looks at the signal.
      await pause(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    },
    now,
    monotonic: () => performance.now(),
    close: async () => {
      await Promise.all([strict.close(), lax.close()]);
    },
  };
}
