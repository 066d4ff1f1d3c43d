import type { CacheEntryConfig, CacheEntryDecision, CacheEntryInput } from "../../../kernel/cache/entry.js";
import { textOf } from "./text.js";
import type { Twin } from "./twin.js";

/**
 * The twin of `cacheEntryKernel`. A decision's values: flags (1 kept, 2 waited for, 4 there is a value), milliseconds
 * fresh, milliseconds of grace, fence, milliseconds to wait, value.
 *
 * State: version, epoch, fence, leaseUntil, freshUntil, graceUntil, waited (1 or 0), value (`""`: none).
 */
export const cacheEntryTwin: Twin<CacheEntryConfig, CacheEntryInput, CacheEntryDecision> = {
  name: "cache-entry",
  version: 1,
  lua: `
local function told(out, n, flags)
  out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5], out[n + 6] = flags, 0, 0, 0, 0, '='
end

return function(at)
  return { lease = tonumber(ARGV[at]), epoch = tonumber(ARGV[at + 1]), op = ARGV[at + 2], fence = tonumber(ARGV[at + 3]),
    fresh = tonumber(ARGV[at + 4]), keep = tonumber(ARGV[at + 5]), text = ARGV[at + 6] }
end, function(state, now, q, out, n)
  if state and state[2] ~= q.epoch then state = nil end
  if q.op == 'read' then
    local live = state and state[8] ~= '' and state[6] > now
    local text, fresh, grace = '=', 0, 0
    if live then text, fresh, grace = state[8], state[5] - now, state[6] - now end
    out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5], out[n + 6] = live and 4 or 0, fresh, grace, 0, 0, text
    if q.fence == 0 or fresh > 0 then return true, nil, 0 end
    local left = state and math.min(state[4] - now, q.lease) or 0
    if left > 0 and state[3] ~= q.fence then
      out[n + 5] = left
      if state[7] == 1 then return true, nil, 0 end
      return true, { 1, state[2], state[3], state[4], state[5], state[6], 1, state[8] }, math.max(left, grace)
    end
    out[n + 4] = q.fence
    return true, { 1, q.epoch, q.fence, now + q.lease, live and state[5] or 0, live and state[6] or 0, 0,
      live and text or '' }, math.max(q.lease, grace)
  end
  if q.op == 'delete' then
    told(out, n, state and state[8] ~= '' and state[6] > now and 1 or 0)
    return true, false, 0
  end
  local waited = state and state[7] == 1 and 2 or 0
  if q.op ~= 'set' and (not state or state[3] ~= q.fence or q.fence == 0) then
    told(out, n, 0)
    return true, nil, 0
  end
  told(out, n, 1 + waited)
  if q.op == 'release' then
    local left = state[6] - now
    if state[8] == '' or left <= 0 then return true, false, 0 end
    return true, { 1, state[2], 0, 0, state[5], state[6], 0, state[8] }, left
  end
  return true, { 1, q.epoch, 0, 0, now + q.fresh, now + q.fresh + q.keep, 0, q.text }, q.fresh + q.keep
end
`,
  glance: freshAt,
  replies: 6,
  encode: ({ leaseMs }, input) => {
    const writes = input.op === "commit" || input.op === "set";
    return [
      leaseMs,
      input.epoch,
      input.op,
      "fence" in input ? input.fence : 0,
      writes ? input.freshMs : 0,
      writes ? input.keepMs : 0,
      writes ? `=${input.text}` : "",
    ];
  },
  decode: (values, at) => {
    const flags = values[at] as number;
    return {
      text: (flags & 4) !== 0 ? textOf(values[at + 5]) : null,
      freshMs: values[at + 1] as number,
      graceMs: values[at + 2] as number,
      fence: values[at + 3] as number,
      waitMs: values[at + 4] as number,
      kept: (flags & 1) !== 0,
      waited: (flags & 2) !== 0,
    };
  },
};

/** A fresh value takes no script. The time is told by when the state goes: with its lease, or its grace. */
function freshAt(
  state: readonly unknown[],
  ttlMs: number,
  _config: CacheEntryConfig,
  input: CacheEntryInput,
): CacheEntryDecision | undefined {
  const [, epoch, , leaseUntil, freshUntil, graceUntil, , text] = state as [
    ...[number, number, number, number, number, number, number],
    string,
  ];
  if (input.op !== "read" || epoch !== input.epoch || text === "") return undefined;
  const now = Math.max(leaseUntil, graceUntil) - ttlMs;
  if (freshUntil <= now) return undefined;
  const lives = { freshMs: freshUntil - now, graceMs: graceUntil - now };
  return { text: textOf(text), ...lives, fence: 0, waitMs: 0, kept: false, waited: false };
}
