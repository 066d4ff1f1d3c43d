import { StoreFailure } from "../../core/store.js";

/**
 * Errors with which a server says that it did nothing, and a client that no server took it (while a slot moves) or that
 * it sent nothing.
 */
const REFUSED =
  /^(?:The client is (?:closed|offline)|Stream isn't writeable|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|CROSSSLOT|NOREPLICAS|MISCONF|BUSY|NOAUTH|WRONGPASS|NOPERM|NOSCRIPT|MOVED|ASK|Too many Cluster redirections)\b/;

/** What a rejected command says about the store: a failure as a value. */
export function failureOf(error: unknown): StoreFailure {
  const message = messageOf(error);
  // The first write of a script decides: it is refused, and nothing was done.
  if (/^(?:-?OOM\b|.*\bOOM command not allowed)/.test(message)) return new StoreFailure("capacity", "no", error);
  return new StoreFailure("unavailable", REFUSED.test(message) ? "no" : "unknown", error);
}

/** Whether a server doesn't know a script by its digest. */
export function isUnknownScript(error: unknown): boolean {
  return messageOf(error).includes("NOSCRIPT");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
