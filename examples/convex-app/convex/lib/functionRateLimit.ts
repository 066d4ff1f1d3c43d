import { linkCodes, syncs, writes } from "../keel";
import type { User } from "./authGuards";

const byUser = (call: { readonly principal: User }) => call.principal.id;

/** Limits of functions, by user. */
export const perUser = {
  writes: [{ limiter: writes, by: byUser }],
  linkCodes: [{ limiter: linkCodes, by: byUser }],
  syncs: [{ limiter: syncs, by: byUser }],
} as const;
