import type { AlertConfig, AlertDecision, AlertInput } from "../../../kernel/alerts/alert.js";
import type { Twin } from "./twin.js";

/** The twin of `alertKernel`. A decision's values: firing (1 or 0), since, by. */
export const alertTwin: Twin<AlertConfig, AlertInput, AlertDecision> = {
  name: "alert",
  version: 1,
  width: 4,
  lua: `
local function after(state, now, q)
  local firing = state and state[2] == 1
  if q.op == 'burning' and not firing then return { 1, 1, now, now, q.by } end
  if q.op == 'look' or not firing then return nil end
  if q.op ~= 'calm' or state[4] > now then return { 1, 1, state[3], now, state[5] } end
  if now - state[4] >= q.hold then return { 1, 0, now, now, q.by } end
  return nil
end

return function(at)
  return { hold = tonumber(ARGV[at]), keep = tonumber(ARGV[at + 1]), op = ARGV[at + 2], by = tonumber(ARGV[at + 3]) }
end, function(state, now, q, out, n)
  local changed = after(state, now, q)
  local told = changed or state or { 1, 0, 0, 0, 0 }
  out[n + 1], out[n + 2], out[n + 3] = told[2], told[3], told[5]
  return true, changed, q.keep
end
`,
  replies: 3,
  encode: ({ holdMs, keepMs }, { op, by }) => [holdMs, keepMs, op, by],
  decode: (values, at) => ({
    firing: values[at] === 1,
    since: values[at + 1] as number,
    by: values[at + 2] as number,
  }),
};
