import { KeelsonError } from "../../../core/errors.js";
import type { ActiveCall } from "../call.js";
import type { Guard } from "../stage.js";
import type { FailureLimit } from "./failures.js";

/**
 * Asks who is calling. Nobody (null, undefined, false) is a 401. What `auth` throws stays what it is, so that a
 * database that is down does not look like bad credentials; only errors of jose about a token count as bad ones.
 */
export function authGuard(auth: (call: never) => unknown, failures: FailureLimit | undefined): Guard {
  const ask = auth as (call: ActiveCall) => unknown;
  const attempt: Guard = (call) => {
    const principal = ask(call);
    return isThenable(principal)
      ? Promise.resolve(principal).then((settled) => identified(call, settled))
      : identified(call, principal);
  };
  const tolerant: Guard = (call) => {
    try {
      const pending = attempt(call);
      return pending instanceof Promise ? pending.catch(tokenErrors) : pending;
    } catch (error) {
      return tokenErrors(error);
    }
  };
  return failures === undefined ? tolerant : failures.around(tolerant);
}

/** Lets anyone in: there is no principal. */
export const anonymousGuard: Guard = (call) => {
  call.principal = null;
  return undefined;
};

function identified(call: ActiveCall, principal: unknown): undefined {
  if (principal === undefined || principal === null || principal === false) throw new KeelsonError("unauthenticated");
  call.principal = principal;
  call.changed();
  return undefined;
}

function tokenErrors(error: unknown): never {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  // ERR_JWT_EXPIRED, ERR_JWS_SIGNATURE_VERIFICATION_FAILED, …; ERR_JWKS_TIMEOUT is about the key server.
  if (typeof code === "string" && /^ERR_JW[TSE]_|^ERR_JWKS_NO_MATCHING_KEY$/.test(code))
    throw new KeelsonError("unauthenticated", "The token is not valid", { cause: error });
  throw error;
}

/** Whether something has to be waited for. Users' promises may come from elsewhere than `Promise`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function"
  );
}
