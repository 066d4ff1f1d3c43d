import type {
  SharedBreakerConfig,
  SharedBreakerDecision,
  SharedBreakerInput,
} from "../../../kernel/breaker/shared-breaker.js";
import type { Twin } from "./twin.js";

/** The twin of `sharedBreakerKernel`. A decision's values: nodes, retryAfterMs, fence. */
export const sharedBreakerTwin: Twin<SharedBreakerConfig, SharedBreakerInput, SharedBreakerDecision> = {
  name: "breaker",
  version: 1,
  lua: `
local function answer(present, q, fence, out, n)
  local lefts = {}
  for i = 5, #present, 2 do lefts[#lefts + 1] = present[i + 1] end
  table.sort(lefts, function(a, b) return a > b end)
  out[n + 1], out[n + 2], out[n + 3] = #lefts, lefts[q.quorum] or 0, fence
end

local function step(state, now, q, out, n)
  local present = { 1, now, 0, 0 }
  if state then
    local elapsed, last = math.max(0, now - state[2]), 4
    present[3] = state[3]
    present[4] = math.max(0, math.min(state[4] - elapsed, q.probe))
    for i = 5, #state, 2 do
      local left = state[i + 1] - elapsed
      if left > 0 then
        present[last + 1], present[last + 2] = state[i], left
        last = last + 2
      end
    end
  end
  local function kept(fence)
    local ttl = math.max(present[4], math.floor(present[3] / 1000) - now + 1)
    for i = 5, #present, 2 do ttl = math.max(ttl, present[i + 1]) end
    answer(present, q, fence, out, n)
    return true, present, ttl
  end
  local function told(granted)
    answer(present, q, 0, out, n)
    return granted, nil, 0
  end
  if q.op == 'advertise' then
    for i = 5, #present, 2 do
      if present[i] == q.a then
        table.remove(present, i)
        table.remove(present, i)
        break
      end
    end
    local last = #present
    if q.b > 0 and (last - 4) / 2 < 128 then present[last + 1], present[last + 2] = q.a, q.b end
    return kept(0)
  elseif q.op == 'probe' then
    if present[4] > 0 then return told(false) end
    present[3] = math.max(present[3] + 1, now * 1000)
    present[4] = q.probe
    return kept(present[3])
  elseif q.op == 'settle' then
    if q.a ~= present[3] or present[4] == 0 then return told(false) end
    present[4] = 0
    if q.b == 1 then for i = #present, 5, -1 do present[i] = nil end end
    return kept(0)
  end
  return told(true)
end

return function(at)
  return { quorum = tonumber(ARGV[at]), probe = tonumber(ARGV[at + 1]), op = ARGV[at + 2],
    a = tonumber(ARGV[at + 3]), b = tonumber(ARGV[at + 4]) }
end, step
`,
  replies: 3,
  encode: ({ quorum, probeMs }, input) => [quorum, probeMs, input.op, ...numbersOf(input)],
  decode: (values, at) => {
    const retryAfterMs = values[at + 1] as number;
    return { open: retryAfterMs > 0, nodes: values[at] as number, retryAfterMs, fence: values[at + 2] as number };
  },
};

function numbersOf(input: SharedBreakerInput): readonly [number, number] {
  if (input.op === "advertise") return [input.node, input.openMs];
  return input.op === "settle" ? [input.fence, input.recovered ? 1 : 0] : [0, 0];
}
