/**
 * The `traceparent` header (W3C Trace Context, level 1) by which the callee joins the caller's trace: version 00, a new
 * span id, sampled.
 *
 * @returns `undefined` where there is no trace id, or one that the standard doesn't allow
 */
export function traceparent(traceId: string | undefined, random: () => number): string | undefined {
  if (traceId === undefined || !/^[0-9a-f]{32}$/.test(traceId) || /^0+$/.test(traceId)) return undefined;
  let span = "";
  // The last digit is never 0: an id of zeros is not allowed.
  for (let digit = 1; digit <= 16; digit++)
    span += (digit === 16 ? 1 + Math.floor(random() * 15) : Math.floor(random() * 16)).toString(16);
  return `00-${traceId}-${span}-01`;
}
