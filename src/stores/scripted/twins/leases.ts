import type { LeaseConfig, LeaseDecision, LeaseInput } from "../../../kernel/leases/leases.js";
import type { Twin } from "./twin.js";

/** The twin of `leaseKernel`. A decision's values: fence, leases, retryAfterMs. */
export const leaseTwin: Twin<LeaseConfig, LeaseInput, LeaseDecision> = {
  name: "leases",
  version: 1,
  lua: `
local function leases_of(present) return (#present - 3) / 3 end

local function find(present, offset, value)
  for i = 4, #present, 3 do if present[i + offset] == value then return i end end
end

local function answer(present, q, fence, out, n)
  local leases, soonest = leases_of(present), 0
  if leases >= q.capacity and leases > 0 then
    soonest = present[6]
    for i = 7, #present, 3 do soonest = math.min(soonest, present[i + 2]) end
  end
  out[n + 1], out[n + 2], out[n + 3] = fence, leases, soonest
end

local function step(state, now, q, out, n)
  local present = { 1, now, 0 }
  if state then
    local elapsed, last = math.max(0, now - state[2]), 3
    present[3] = state[3]
    for i = 4, #state, 3 do
      local left = math.min(state[i + 2] - elapsed, q.lease)
      if left > 0 then
        present[last + 1], present[last + 2], present[last + 3] = state[i], state[i + 1], left
        last = last + 3
      end
    end
  end
  local function told(granted)
    answer(present, q, 0, out, n)
    return granted, nil, 0
  end
  local function kept(fence)
    answer(present, q, fence, out, n)
    return true, present, math.max(q.lease, math.floor(present[3] / 1000) - now + 1)
  end
  if q.op == 'peek' then return told(false) end
  if q.op == 'acquire' then
    local known = find(present, 1, q.number)
    if known then
      present[known + 2] = q.lease
      return kept(present[known])
    end
    if leases_of(present) >= q.capacity then return told(false) end
    local fence, last = math.max(present[3] + 1, now * 1000), #present
    present[3] = fence
    present[last + 1], present[last + 2], present[last + 3] = fence, q.number, q.lease
    return kept(fence)
  end
  local at = find(present, 0, q.number)
  if not at then return told(false) end
  if q.op == 'release' then
    for _ = 1, 3 do table.remove(present, at) end
    return kept(0)
  end
  present[at + 2] = q.lease
  return kept(q.number)
end

return function(at)
  return { capacity = tonumber(ARGV[at]), lease = tonumber(ARGV[at + 1]), op = ARGV[at + 2], number = tonumber(ARGV[at + 3]) }
end, step
`,
  replies: 3,
  encode: ({ capacity, leaseMs }, input) => [
    capacity,
    leaseMs,
    input.op,
    input.op === "acquire" ? input.nonce : input.op === "peek" ? 0 : input.fence,
  ],
  decode: (values, at) => ({
    held: (values[at] as number) > 0,
    fence: values[at] as number,
    leases: values[at + 1] as number,
    retryAfterMs: values[at + 2] as number,
  }),
};
