import { ConfigError } from "../../../core/config.js";
import type { Deadlines } from "../../../core/deadlines.js";
import type { ActiveCall } from "../call.js";
import type { Guard } from "../stage.js";

/** What {@link bodyGuard} goes by. */
export interface BodyRules {
  readonly maxBytes: number;
  readonly deadlines: Deadlines;
  /** Why the bytes themselves are needed, where they are: `signature`, `idempotency`. */
  readonly needsRaw: string | undefined;
  readonly where: string;
}

/** Reads the body: `maxBytes` at most, within the deadline. */
export function bodyGuard({ maxBytes, deadlines, needsRaw, where }: BodyRules): Guard {
  return (call) => {
    const { parsed } = call.incoming;
    if (parsed !== undefined) {
      // Bytes that are gone can't be verified, and what was made of them can be anything.
      if (needsRaw !== undefined && parsed.raw === undefined)
        throw new ConfigError(
          `${where}.${needsRaw}`,
          "a body that other middleware has read",
          "mounting the endpoint before express.json() and the like: it needs the body's bytes",
        );
      call.rawBody = parsed.raw;
      return undefined;
    }
    const bytes = call.incoming.readBody(maxBytes, deadlines, call.plan.rt.clock.monotonic());
    return bytes instanceof Promise ? bytes.then((read) => keep(call, read)) : keep(call, bytes);
  };
}

function keep(call: ActiveCall, bytes: Uint8Array): undefined {
  call.rawBody = bytes;
  return undefined;
}
