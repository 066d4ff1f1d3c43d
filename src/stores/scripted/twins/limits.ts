import type { LimitConfig, LimitDecision, LimitInput } from "../../../kernel/limit/limit.js";
import type { Twin } from "./twin.js";

/**
 * What all limits have in common: the twin of `limitKernel`. States are as there, one further on: the version is first.
 * `answer` sets the values of a decision: allowed, remaining, retryAfterMs, resetMs.
 */
const LIMIT = `
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max

local function limit(capacity, present_of, take, remaining, reset_ms, refund)
  local function answer(out, n, allowed, left, wait, reset)
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = allowed and 1 or 0, left, wait, reset
  end

  local function told(present, q, cost, out, n)
    local blocked, left = present[3], remaining(present, q)
    local reset = max(blocked, reset_ms(present, q))
    local wait = 0
    if cost > 0 then
      local copy = {}
      for i, value in ipairs(present) do copy[i] = value end
      wait = take(copy, q, cost)
    end
    wait = max(blocked, wait)
    answer(out, n, wait == 0, blocked > 0 and 0 or left, wait, reset)
    return wait == 0, reset
  end

  local function kept(present, reset)
    if reset == 0 then return false end
    return present
  end

  local function manage(present, state, back, q, out, n)
    local op, now = q.op, present[2]
    if op == 'peek' then return told(present, q, q.amount, out, n), nil, 0 end
    if op == 'reset' then
      told(present_of(nil, 0, now, 0, q), q, 0, out, n)
      return true, false, 0
    end
    local changed = back
    if op == 'block' then
      present[3] = q.amount
      changed = true
    elseif state and q.at <= now then
      local age = nil
      if q.at >= 0 then age = now - q.at end
      refund(present, q, min(q.amount, capacity(q)), age)
      changed = true
    end
    local _, reset = told(present, q, 0, out, n)
    if changed then return true, kept(present, reset), reset end
    return true, nil, reset
  end

  local function step(state, now, q, out, n)
    local elapsed, blocked, back = 0, 0, false
    if state then
      back = state[2] > now
      if not back then elapsed = now - state[2] end
      blocked = max(0, state[3] - elapsed)
    end
    local present = present_of(state, elapsed, now, blocked, q)
    if q.op ~= 'take' then
      local granted, new, ttl = manage(present, state, back, q, out, n)
      return granted, new, ttl
    end
    if blocked > 0 then
      local _, reset = told(present, q, q.amount, out, n)
      return false, back and present or nil, reset
    end
    local cost, wait = q.amount, 0
    if cost > 0 then wait = take(present, q, cost) end
    local granted = wait == 0
    local blocks = not granted and q.block > 0
    if blocks then present[3] = q.block end
    local reset = max(reset_ms(present, q), present[3])
    answer(out, n, granted, blocks and 0 or remaining(present, q), blocks and max(wait, q.block) or wait, reset)
    if (granted and cost > 0) or blocks then return granted, present, reset end
    if back then return granted, kept(present, reset), reset end
    return granted, nil, reset
  end

  local function read(at)
    return { limit = tonumber(ARGV[at]), window = tonumber(ARGV[at + 1]), burst = tonumber(ARGV[at + 2]),
      block = tonumber(ARGV[at + 3]), op = ARGV[at + 4], amount = tonumber(ARGV[at + 5]), at = tonumber(ARGV[at + 6]) }
  end

  return read, step
end

local function limit_of(q) return q.limit end
local function burst_of(q) return q.burst end
`;

/** An algorithm's twin: the six functions that `limit` takes, as Lua that returns what it returns. */
function limitTwin(
  algorithm: string,
  capacity: "limit" | "burst",
  width: number | undefined,
  lua: string,
): Twin<LimitConfig, LimitInput, LimitDecision> {
  return {
    name: `limit/${algorithm}`,
    version: 1,
    ...(width !== undefined && { width }),
    needs: { limit: LIMIT },
    lua,
    replies: 4,
    encode: ({ limit, windowMs, burst, blockMs }, { op, amount, at }) => [
      limit,
      windowMs,
      burst,
      blockMs,
      op,
      amount,
      at,
    ],
    decode: (values, at, config, now) => ({
      allowed: values[at] === 1,
      limit: config[capacity],
      remaining: values[at + 1] as number,
      retryAfterMs: values[at + 2] as number,
      resetMs: values[at + 3] as number,
      at: now,
      source: "store",
      degraded: false,
    }),
  };
}

/** The limits' twins. */
export const limitTwins = [
  limitTwin(
    "fixed-window",
    "limit",
    5,
    `
local function left(state) return state[6] - state[5] end
return limit(limit_of,
  function(state, elapsed, now, blocked, q)
    if state then
      local used, age, length = state[4], state[5] + elapsed, min(state[6], q.window)
      if used > 0 and age < length then return { 1, now, blocked, used, age, length } end
    end
    return { 1, now, blocked, 0, 0, q.window }
  end,
  function(state, q, cost)
    local wanted = state[4] + cost
    if wanted > q.limit then return left(state) end
    state[4] = wanted
    return 0
  end,
  function(state, q) return max(0, q.limit - state[4]) end,
  function(state) return state[4] == 0 and 0 or left(state) end,
  function(state, q, cost, age)
    if (age or 0) <= state[5] then state[4] = max(0, state[4] - cost) end
  end)
`,
  ),
  limitTwin(
    "sliding-window",
    "limit",
    6,
    `
local function room(state, q) return (q.limit - state[4]) * q.window - state[5] * (q.window - state[6]) end
return limit(limit_of,
  function(state, elapsed, now, blocked, q)
    if state then
      local used, before, age, written = state[4], state[5], state[6] + elapsed, state[7]
      if age >= written then
        before = age < 2 * written and used or 0
        used = 0
        age = age - written
      end
      if written ~= q.window then
        used = min(q.limit, used + ceil((before * (written - age)) / written))
        before = 0
        age = 0
      end
      if used + before > 0 then return { 1, now, blocked, used, before, age, q.window } end
    end
    return { 1, now, blocked, 0, 0, 0, q.window }
  end,
  function(state, q, cost)
    if cost * q.window <= room(state, q) then
      state[4] = state[4] + cost
      return 0
    end
    local used, before, age, most = state[4], state[5], state[6], q.limit - cost
    if used <= most then return q.window - age - floor(((most - used) * q.window) / before) end
    return q.window - age + max(0, q.window - floor((most * q.window) / max(1, used)))
  end,
  function(state, q) return max(0, floor(room(state, q) / q.window)) end,
  function(state, q)
    if state[4] > 0 then return 2 * q.window - state[6] end
    return state[5] > 0 and q.window - state[6] or 0
  end,
  function(state, q, cost, age)
    age = age or 0
    local of = age <= state[6] and 4 or age <= state[6] + q.window and 5
    if of then state[of] = max(0, state[of] - cost) end
  end)
`,
  ),
  limitTwin(
    "sliding-log",
    "limit",
    undefined,
    `
local function age_freeing(state, units)
  local freed = 0
  for i = 6, #state, 2 do
    freed = freed + state[i + 1]
    if freed >= units then return state[i] end
  end
  return 0
end
return limit(limit_of,
  function(state, elapsed, now, blocked, q)
    local present = { 1, now, blocked, q.window, 0 }
    if not state then return present end
    local most, used, last = min(state[4], q.window), 0, 5
    for i = 6, #state, 2 do
      local age = state[i] + elapsed
      if age < most then
        used = used + state[i + 1]
        present[last + 1], present[last + 2] = age, state[i + 1]
        last = last + 2
      end
    end
    present[5] = used
    return present
  end,
  function(state, q, cost)
    local wanted = state[5] + cost
    if wanted > q.limit then return q.window - age_freeing(state, wanted - q.limit) end
    state[5] = wanted
    local last = #state - 1
    if last >= 6 and state[last] == 0 then state[last + 1] = state[last + 1] + cost
    else state[last + 2], state[last + 3] = 0, cost end
    return 0
  end,
  function(state, q) return max(0, q.limit - state[5]) end,
  function(state, q) return state[5] == 0 and 0 or q.window - state[#state - 1] end,
  function(state, q, cost, age)
    local left = cost
    for i = #state - 1, 6, -2 do
      if left <= 0 then break end
      if not age or state[i] == age then
        local back = min(left, state[i + 1])
        left = left - back
        state[5] = state[5] - back
        if back == state[i + 1] then
          table.remove(state, i)
          table.remove(state, i)
        else state[i + 1] = state[i + 1] - back end
      end
    end
  end)
`,
  ),
  limitTwin(
    "token-bucket",
    "burst",
    5,
    `
return limit(burst_of,
  function(state, elapsed, now, blocked, q)
    if not state then return { 1, now, blocked, 0, q.limit, q.window } end
    local missing, written = max(0, state[4] - elapsed * state[5]), state[6]
    if written ~= q.window then missing = min(ceil(missing / written), q.burst) * q.window end
    return { 1, now, blocked, min(missing, q.burst * q.window), q.limit, q.window }
  end,
  function(state, q, cost)
    local wanted = state[4] + cost * q.window
    local over = wanted - q.burst * q.window
    if over > 0 then return ceil(over / q.limit) end
    state[4] = wanted
    return 0
  end,
  function(state, q) return floor((q.burst * q.window - state[4]) / q.window) end,
  function(state, q) return ceil(state[4] / q.limit) end,
  function(state, q, cost, age)
    state[4] = max(0, state[4] - max(0, cost * q.window - (age or 0) * q.limit))
  end)
`,
  ),
  limitTwin(
    "gcra",
    "burst",
    4,
    `
return limit(burst_of,
  function(state, elapsed, now, blocked, q)
    local interval = ceil((q.window * 1000) / q.limit)
    if not state then return { 1, now, blocked, 0, interval } end
    local backlog, written = max(0, state[4] - elapsed * 1000), state[5]
    if written ~= interval then backlog = min(ceil(backlog / written), q.burst) * interval end
    return { 1, now, blocked, min(backlog, q.burst * interval), interval }
  end,
  function(state, q, cost)
    local wanted = state[4] + cost * state[5]
    local over = wanted - q.burst * state[5]
    if over > 0 then return ceil(over / 1000) end
    state[4] = wanted
    return 0
  end,
  function(state, q) return floor((q.burst * state[5] - state[4]) / state[5]) end,
  function(state) return ceil(state[4] / 1000) end,
  function(state, q, cost, age)
    state[4] = max(0, state[4] - max(0, cost * state[5] - (age or 0) * 1000))
  end)
`,
  ),
];
