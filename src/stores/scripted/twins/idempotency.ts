import type {
  IdempotencyConfig,
  IdempotencyDecision,
  IdempotencyInput,
} from "../../../kernel/idempotency/idempotency.js";
import { textOf } from "./text.js";
import type { Twin } from "./twin.js";

/** The outcomes as numbers. */
const OUTCOMES = ["first", "resumed", "replay", "in_flight", "mismatch", "unknown", "kept", "lost"] as const;

/**
 * The twin of `idempotencyKernel`. A decision's values: which of {@link OUTCOMES}, fence or milliseconds to wait, and
 * the record as JSON.
 *
 * State: version, phase (1 in flight, 2 unknown, 3 done), fingerprint, fence, leaseUntil, record.
 */
export const idempotencyTwin: Twin<IdempotencyConfig, IdempotencyInput<unknown>, IdempotencyDecision<unknown>> = {
  name: "idempotency",
  version: 1,
  lua: `
local function step(state, now, q, out, n)
  local function told(outcome, number, record)
    out[n + 1], out[n + 2], out[n + 3] = outcome, number or 0, record or '='
  end
  local function first(outcome)
    told(outcome, q.fence)
    return true, { 1, 1, q.text, q.fence, now + q.lease, '' }, q.ttl
  end
  if q.op == 'begin' then
    if not state then return first(0) end
    if state[3] ~= q.text then
      told(4)
      return false, nil, 0
    end
    if state[2] == 3 then
      told(2, 0, state[6])
      return false, nil, 0
    end
    if state[2] == 2 then
      told(5)
      return false, nil, 0
    end
    local left = math.min(state[5] - now, q.lease)
    if left > 0 then
      told(3, left)
      return false, nil, 0
    end
    if q.expired ~= 'unknown' then return first(q.expired == 'resume' and 1 or 0) end
    told(5)
    return false, { 1, 2, state[3], state[4], 0, '' }, q.ttl
  end
  if not state or state[2] == 3 or state[4] ~= q.fence then
    told(7)
    return false, nil, 0
  end
  told(6)
  if q.op == 'complete' then return true, { 1, 3, state[3], 0, 0, q.text }, q.ttl end
  if q.op == 'release' then return true, false, q.ttl end
  return true, { 1, 1, state[3], state[4], now + q.lease, '' }, q.ttl
end

return function(at)
  return { lease = tonumber(ARGV[at]), ttl = tonumber(ARGV[at + 1]), expired = ARGV[at + 2], op = ARGV[at + 3],
    fence = tonumber(ARGV[at + 4]), text = ARGV[at + 5] }
end, step
`,
  replies: 3,
  encode: ({ leaseMs, ttlMs, onLeaseExpired }, input) => [
    leaseMs,
    ttlMs,
    onLeaseExpired,
    input.op,
    input.fence,
    input.op === "begin" ? input.fingerprint : input.op === "complete" ? `=${recordText(input.record)}` : "",
  ],
  decode: (values, at) => {
    const outcome = OUTCOMES[values[at] as number];
    const number = values[at + 1] as number;
    switch (outcome) {
      case "first":
      case "resumed":
        return { outcome: "first", fence: number, resumed: outcome === "resumed" };
      case "replay":
        return { outcome, record: JSON.parse(textOf(values[at + 2])) as unknown };
      case "in_flight":
        return { outcome, retryAfterMs: number };
      case undefined:
        throw new TypeError(`idempotency: the script answered ${String(values[at])}`);
      default:
        return { outcome };
    }
  },
};

/** @throws {TypeError} when a record is nothing that JSON can carry */
function recordText(record: unknown): string {
  const text: string | undefined = JSON.stringify(record);
  if (text === undefined) throw new TypeError("idempotency: the record is nothing that JSON can carry");
  return text;
}
