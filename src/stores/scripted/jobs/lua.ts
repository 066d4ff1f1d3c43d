import { NOW } from "../script.js";

/**
 * What the scripts of a queue share. All of a queue's keys lie in one slot:
 *
 * - `meta`, `payload`, `result`: hashes by job id
 * - `queued:<tool>`: lists of ids, oldest first. An id whose job isn't queued any more (it was cancelled) is passed over
 *   when its turn comes; `s:` counts them
 * - `delayed` by when they are due, `running` by when the lease ends, `ended` by when they are forgotten: sorted sets
 * - `dead`: sorted set of `tool NUL time NUL number NUL id`, in the order of these texts: so each tool's are one stretch,
 *   oldest first
 * - `dedupe`: hash of `tool NUL value` → id
 * - `counts`: hash; `fence`, `seq`, `turn`, and for each tool `t:` (known), `p:` (paused), `r:` (running), `d:` (delayed),
 *   `w:` (waiting for their first attempt), `s:`, and `e:<state>:` (ended so)
 *
 * ARGV begins with: the time or ''; the channel to tell on that there is something to claim, and that for ends, or '';
 * 'cluster', 'rest' or ''.
 *
 * A job's meta: state, flags (1: to be cancelled), attempt, fence, started, ended: what every run changes; then, from the
 * byte REST on, attempts, enqueued, due, deadline, number, tool NUL, dedupe.
 */
const BASE = `
local META, PAYLOAD, RESULT, QUEUED, DELAYED, RUNNING, ENDED, DEAD, DEDUPE, COUNTS = unpack(KEYS)
local call, sub, format = redis.call, string.sub, string.format
local HEAD, TAIL, REST, TOOL = '>BBIddd', '>Idddds', 31, 67
local S_DELAYED, S_QUEUED, S_RUNNING, S_SUCCEEDED, S_FAILED, S_DEAD, S_EXPIRED, S_CANCELLED = 1, 2, 3, 4, 5, 6, 7, 8
local notes = {}

local counted = {}

-- Counts, at the end: what goes up and down by as much in between isn't written.
local function count(name, tool, by)
  counted[name .. tool] = (counted[name .. tool] or 0) + by
end

-- Where nobody hears of ends, none are told. (In a cluster only their own servers know.)
local heard
local function is_heard()
  if heard == nil then
    heard = ARGV[3] ~= '' and (ARGV[4] == 'cluster' or call('PUBSUB', 'NUMSUB', ARGV[3])[2] > 0)
  end
  return heard
end

-- What every script that changes something ends with.
local function tell(ready)
  for field, by in pairs(counted) do
    if by ~= 0 then call('HINCRBY', COUNTS, field, format('%.0f', by)) end
  end
  if ready and ARGV[2] ~= '' then call('PUBLISH', ARGV[2], '') end
  if notes[1] then call('PUBLISH', ARGV[3], cjson.encode(notes)) end
end

-- Clients over REST take what looks like JSON for JSON.
local function text(value)
  if ARGV[4] == 'rest' then return '=' .. value end
  return value
end
`;

/** Jobs as tables, and putting them where they wait. */
const TABLES = `
local function read(raw)
  local j, at = {}, nil
  j.state, j.flags, j.attempt, j.fence, j.started, j.ended = struct.unpack(HEAD, raw)
  j.attempts, j.enqueued, j.due, j.deadline, j.seq, j.tool, at = struct.unpack(TAIL, raw, REST)
  j.dedupe = sub(raw, at)
  return j
end

local function load(id)
  local raw = call('HGET', META, id)
  return raw and read(raw)
end

local function save(id, j)
  call('HSET', META, id, struct.pack(HEAD, j.state, j.flags, j.attempt, j.fence, j.started, j.ended)
    .. struct.pack(TAIL, j.attempts, j.enqueued, j.due, j.deadline, j.seq, j.tool) .. j.dedupe)
end

-- Queues a job that waits nowhere; first: before all others.
local function queue(id, j, first)
  j.state = S_QUEUED
  save(id, j)
  call(first and 'LPUSH' or 'RPUSH', QUEUED .. ':' .. j.tool, id)
end

local function delay(id, j)
  j.state = S_DELAYED
  save(id, j)
  call('ZADD', DELAYED, format('%.0f', j.due), id)
  count('d:', j.tool, 1)
end
`;

/** Ending jobs. */
const ENDS = `
local NAMES = { [4] = 'succeeded', [5] = 'failed', [6] = 'dead', [7] = 'expired', [8] = 'cancelled' }

local function dead_member(id, j)
  -- (format's %s would stop at a NUL.)
  return j.tool .. '\\0' .. format('%016.0f', j.ended) .. '\\0' .. format('%016.0f', j.seq) .. '\\0' .. id
end

local function first_of(tool) return '[' .. tool .. '\\0' end

local function last_of(tool) return '(' .. tool .. '\\1' end

local function drop(id)
  call('HDEL', META, id)
  call('HDEL', PAYLOAD, id)
  call('HDEL', RESULT, id)
end

local function note(id, state, text)
  if not is_heard() then return end
  notes[#notes + 1] = { id, NAMES[state], text and #text <= 1024 and text or nil }
end

local function forget_value(id, tool, value)
  local field = tool .. '\\0' .. value
  if call('HGET', DEDUPE, field) == id then call('HDEL', DEDUPE, field) end
end

-- Ends a job that waits nowhere any more. keep: milliseconds by state. text: '+' and a result, '-' and an error, or nil.
local function finish(id, j, state, text, keep, now)
  j.state, j.ended, j.flags = state, now, 0
  if j.dedupe ~= '' then forget_value(id, j.tool, j.dedupe) end
  count('e:' .. NAMES[state] .. ':', j.tool, 1)
  local ms = keep[state]
  if ms > 0 then
    save(id, j)
    if text then call('HSET', RESULT, id, text) end
    call('ZADD', ENDED, format('%.0f', now + ms), id)
    if state == S_DEAD then call('ZADD', DEAD, '0', dead_member(id, j)) end
  else drop(id) end
  note(id, state, text)
end

local function retention(at)
  return { [4] = tonumber(ARGV[at]), [5] = tonumber(ARGV[at + 1]), [6] = tonumber(ARGV[at + 2]),
    [7] = tonumber(ARGV[at + 3]), [8] = tonumber(ARGV[at + 4]) }
end
`;

/**
 * ARGV: time, channels, groups; each group: how many, then id, tool, payload, delay, deadline, attempts, cap, dedupe.
 * Answers for each group: 1, all were taken in; { 1, id, 1 if it is another's, … }; or { 0, tool, depth, cap }.
 */
const ENQUEUE = `
local groups, at = tonumber(ARGV[5]), 6
local named = {}
for _ = 1, groups do
  local size = tonumber(ARGV[at])
  for i = 1, size do named[#named + 1] = ARGV[at + 1 + 8 * (i - 1)] end
  at = at + 1 + 8 * size
end
local known, seen = call('HMGET', META, unpack(named)), 0
local out, fresh, depths, ids, values = {}, {}, {}, {}, {}
at = 6
for g = 1, groups do
  local size, from, twice, full = tonumber(ARGV[at]), #fresh, false, nil
  local told = {}
  at = at + 1
  for i = 1, size do
    seen = seen + 1
    local id, tool, cap, dedupe = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 6]), ARGV[at + 7]
    local same = (known[seen] or ids[id]) and id
    local field
    if not same and dedupe ~= '' then
      field = tool .. '\\0' .. dedupe
      same = values[field] or call('HGET', DEDUPE, field)
    end
    if same then
      told[i], twice = same, true
    else
      local depth = depths[tool] or tonumber(call('HGET', COUNTS, 'w:' .. tool) or 0)
      if cap > 0 and depth >= cap and not full then full = { 0, text(tool), depth, cap } end
      depths[tool] = depth + 1
      ids[id] = true
      if field then values[field] = id end
      fresh[#fresh + 1] = at
    end
    at = at + 8
  end
  if full then
    for k = #fresh, from + 1, -1 do
      local p = fresh[k]
      local tool = ARGV[p + 1]
      ids[ARGV[p]] = nil
      depths[tool] = depths[tool] - 1
      values[tool .. '\\0' .. ARGV[p + 7]] = nil
      fresh[k] = nil
    end
    out[g] = full
  elseif twice then
    local reply = { 1 }
    for i = 1, size do
      reply[2 * i] = text(told[i] or ARGV[at + 8 * (i - 1 - size)])
      reply[2 * i + 1] = told[i] and 1 or 0
    end
    out[g] = reply
  else out[g] = 1 end
end
local size = #fresh
if size > 0 then
  local seq = call('HINCRBY', COUNTS, 'seq', format('%.0f', size)) - size
  local metas, payloads, m, lists, waits = {}, {}, 0, {}, {}
  for k = 1, size do
    local p = fresh[k]
    local id, tool, wait, deadline, dedupe = ARGV[p], ARGV[p + 1], tonumber(ARGV[p + 3]), tonumber(ARGV[p + 4]), ARGV[p + 7]
    metas[m + 1], metas[m + 2] = id, struct.pack(HEAD, wait > 0 and S_DELAYED or S_QUEUED, 0, 0, 0, 0, 0)
      .. struct.pack(TAIL, tonumber(ARGV[p + 5]), now, now + wait, deadline > 0 and now + deadline or 0, seq + k, tool) .. dedupe
    payloads[m + 1], payloads[m + 2] = id, ARGV[p + 2]
    m = m + 2
    if dedupe ~= '' then call('HSET', DEDUPE, tool .. '\\0' .. dedupe, id) end
    if wait > 0 then
      call('ZADD', DELAYED, format('%.0f', now + wait), id)
      count('d:', tool, 1)
    else
      local list = lists[tool]
      if not list then
        list = {}
        lists[tool] = list
      end
      list[#list + 1] = id
    end
    waits[tool] = (waits[tool] or 0) + 1
  end
  call('HSET', META, unpack(metas))
  call('HSET', PAYLOAD, unpack(payloads))
  for tool, list in pairs(lists) do call('RPUSH', QUEUED .. ':' .. tool, unpack(list)) end
  for tool, by in pairs(waits) do
    count('w:', tool, by)
    call('HSET', COUNTS, 't:' .. tool, '1')
  end
  tell(next(lists) ~= nil)
end
return out
`;

/**
 * The function `claim(at)`: a request's arguments begin there. How many, lease, scan, retention (5), tools, and for each:
 * name, cap. Answers { now, ms until there may be more or −1, then for each job: id, tool, attempt, attempts, fence,
 * payload, enqueued, due, deadline }.
 */
const CLAIM = `
local function look_after(scan, keep)
  local due = call('ZRANGEBYSCORE', DELAYED, '-inf', format('%.0f', now), 'LIMIT', '0', scan)
  for _, id in ipairs(due) do
    call('ZREM', DELAYED, id)
    local j = load(id)
    if j then
      count('d:', j.tool, -1)
      queue(id, j, false)
    end
  end
  local lost = call('ZRANGEBYSCORE', RUNNING, '-inf', format('%.0f', now), 'LIMIT', '0', scan)
  for _, id in ipairs(lost) do
    call('ZREM', RUNNING, id)
    local j = load(id)
    if j then
      count('r:', j.tool, -1)
      if j.flags == 1 then finish(id, j, S_CANCELLED, nil, keep, now)
      elseif j.attempt >= j.attempts then finish(id, j, S_DEAD, '-the lease ran out', keep, now)
      else
        j.due = now
        queue(id, j, false)
      end
    end
  end
end

local function claim(at)
  local wanted, lease, scan, keep = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2], retention(at + 3)
  local size = tonumber(ARGV[at + 8])
  if scan ~= '0' then look_after(scan, keep) end
  local last
  local tools, starting = {}, size > 1 and call('HINCRBY', COUNTS, 'turn', '1') or 0
  for i = 1, size do
    local k = at + 9 + 2 * ((starting + i) % size)
    local tool, cap = ARGV[k], tonumber(ARGV[k + 1])
    local free = wanted
    local facts = call('HMGET', COUNTS, 'p:' .. tool, 'r:' .. tool, 'fence')
    last = facts[3]
    if facts[1] then free = 0
    elseif cap > 0 then free = math.max(0, cap - tonumber(facts[2] or 0) - (counted['r:' .. tool] or 0)) end
    if free > 0 then tools[#tools + 1] = { tool = tool, free = free, share = 0 } end
  end
  local out, given, looked = { now, -1 }, 0, 0
  -- Microseconds, for jobs don't come faster: so the fences never run ahead of the clock, and after a failover that
  -- forgot the last one they go on from where the clock is.
  local fence = math.max(tonumber(last or 0), micros - 1)
  local n = 2
  while given < wanted and tools[1] and looked <= 1000 do
    -- In turn: each as much as the others, as far as it has jobs and room.
    local left, open = wanted - given, {}
    for _, one in ipairs(tools) do
      one.share = 0
      one.have = #tools == 1 and left or call('LLEN', QUEUED .. ':' .. one.tool)
      open[#open + 1] = one
    end
    while left > 0 and open[1] do
      local still = {}
      local each = math.max(1, math.floor(left / #open))
      for _, one in ipairs(open) do
        local more = math.min(each, left, one.free - one.share, one.have - one.share)
        if more > 0 then
          one.share = one.share + more
          left = left - more
          still[#still + 1] = one
        end
      end
      open = still
    end
    local again = {}
    for _, one in ipairs(tools) do
      local ids = one.share > 0 and call('LPOP', QUEUED .. ':' .. one.tool, format('%.0f', one.share)) or {}
      local got = #ids
      if got > 0 then
        local metas, payloads = call('HMGET', META, unpack(ids)), call('HMGET', PAYLOAD, unpack(ids))
        local until_text = format('%.0f', now + lease)
        local written, running, m, first, taken, passed = {}, {}, 0, 0, 0, 0
        for i = 1, got do
          local raw, id = metas[i], ids[i]
          local state, flags, attempt
          if raw then state, flags, attempt = struct.unpack('>BBI', raw) end
          if state ~= S_QUEUED then passed = passed + 1
          else
            local attempts, enqueued, due, deadline = struct.unpack('>Iddd', raw, REST)
            if attempt == 0 then first = first + 1 end
            if deadline > 0 and deadline <= now then
              looked = looked + 1
              finish(id, read(raw), S_EXPIRED, nil, keep, now)
            else
              fence = fence + 1
              attempt = attempt + 1
              written[m + 1], written[m + 2] = id, struct.pack(HEAD, S_RUNNING, 0, attempt, fence, now, 0) .. sub(raw, REST)
              running[m + 1], running[m + 2] = until_text, id
              m = m + 2
              taken = taken + 1
              out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5], out[n + 6], out[n + 7], out[n + 8], out[n + 9] =
                text(id), text(one.tool), attempt, attempts, fence, text(payloads[i] or ''), enqueued, due, deadline
              n = n + 9
            end
          end
        end
        looked = looked + passed
        count('s:', one.tool, -passed)
        if m > 0 then
          call('HSET', META, unpack(written))
          call('ZADD', RUNNING, unpack(running))
        end
        count('r:', one.tool, taken)
        count('w:', one.tool, -first)
        given = given + taken
        one.free = one.free - taken
        -- Only where some were not to be had is it worth another look.
        if taken < got and one.free > 0 then again[#again + 1] = one end
      end
    end
    tools = again
  end
  if given > 0 then call('HSET', COUNTS, 'fence', format('%.0f', fence)) end
  if given < wanted then
    local soonest = nil
    for _, set in ipairs({ DELAYED, RUNNING }) do
      local first = call('ZRANGE', set, '0', '0', 'WITHSCORES')
      if first[2] then soonest = math.min(soonest or math.huge, tonumber(first[2])) end
    end
    if soonest then out[2] = math.max(0, soonest - now) end
  end
  return out
end
`;

/** ARGV: channels and all that, then then the request. */
const CLAIM_ONLY = `
local claimed = claim(5)
tell(false)
return claimed
`;

/**
 * ARGV: channels and all that, then retention (5), how many ends; each: id, fence, kind, delay, text; then, if there is more, a
 * request. Answers { for each end 1 or 0 }, and what was claimed.
 */
const FINISH = `
local keep, size, at = retention(5), tonumber(ARGV[10]), 11
local finished, ready = {}, false
local ids = {}
for i = 1, size do ids[i] = ARGV[at + 5 * (i - 1)] end
local metas = size > 0 and call('HMGET', META, unpack(ids)) or {}
local gone, released, seen = {}, {}, {}
local saved, results, ends, m, forgotten = {}, {}, {}, 0, format('%.0f', now + keep[S_SUCCEEDED])
local ended_counts = {}
for i = 1, size do
  local id, fence, kind, wait, text = unpack(ARGV, at, at + 4)
  at = at + 5
  local raw = metas[i]
  local state, flags, attempt, held, started
  if raw and not seen[id] then state, flags, attempt, held, started = struct.unpack('>BBIdd', raw) end
  if state ~= S_RUNNING or held ~= tonumber(fence) then finished[i] = 0
  else
    local tool, rest = struct.unpack('>s', raw, TOOL)
    finished[i] = 1
    seen[id] = true
    gone[#gone + 1] = id
    released[tool] = (released[tool] or 0) + 1
    local j = kind ~= 'succeeded' and read(raw)
    if kind == 'succeeded' then
      -- The usual end, written together for all.
      if rest <= #raw then forget_value(id, tool, sub(raw, rest)) end
      text = '+' .. text
      if keep[S_SUCCEEDED] > 0 then
        saved[m + 1], saved[m + 2] = id, struct.pack(HEAD, S_SUCCEEDED, 0, attempt, held, started, now) .. sub(raw, REST)
        results[m + 1], results[m + 2] = id, text
        ends[m + 1], ends[m + 2] = forgotten, id
        m = m + 2
      else drop(id) end
      ended_counts[tool] = (ended_counts[tool] or 0) + 1
      note(id, S_SUCCEEDED, text)
    elseif j.flags == 1 then finish(id, j, S_CANCELLED, text ~= '' and '-' .. text or nil, keep, now)
    elseif kind == 'failed' then finish(id, j, S_FAILED, '-' .. text, keep, now)
    elseif kind == 'released' then
      j.attempt = j.attempt - 1
      if j.attempt == 0 then count('w:', j.tool, 1) end
      queue(id, j, true)
      ready = true
    elseif j.attempt >= j.attempts then finish(id, j, S_DEAD, '-' .. text, keep, now)
    else
      call('HSET', RESULT, id, '-' .. text)
      j.due = now + tonumber(wait)
      if j.due > now then delay(id, j)
      else
        queue(id, j, false)
        ready = true
      end
    end
  end
end
if gone[1] then call('ZREM', RUNNING, unpack(gone)) end
for tool, by in pairs(released) do count('r:', tool, -by) end
if m > 0 then
  call('HSET', META, unpack(saved))
  call('HSET', RESULT, unpack(results))
  call('ZADD', ENDED, unpack(ends))
end
for tool, by in pairs(ended_counts) do count('e:succeeded:', tool, by) end
local claimed = ARGV[at] and claim(at) or {}
tell(ready)
return { finished, claimed }
`;

/** ARGV: channels and all that, then lease, then id, fence. Answers 0 lost, 1 kept, 2 to be cancelled. */
const EXTEND = `
local out = {}
for at = 6, #ARGV, 2 do
  local id = ARGV[at]
  local j = load(id)
  if not j or j.state ~= S_RUNNING or j.fence ~= tonumber(ARGV[at + 1]) then out[#out + 1] = 0
  else
    call('ZADD', RUNNING, format('%.0f', now + tonumber(ARGV[5])), id)
    out[#out + 1] = j.flags == 1 and 2 or 1
  end
end
return out
`;

/** ARGV: channels and all that, then id, retention (5). Answers 0 unknown, 1 cancelled, 2 requested, 3 ended. */
const CANCEL = `
local id, keep = ARGV[5], retention(6)
local j = load(id)
if not j then return 0 end
if j.state > S_RUNNING then return 3 end
if j.state == S_RUNNING then
  j.flags = 1
  save(id, j)
  return 2
end
if j.state == S_QUEUED then count('s:', j.tool, 1)
else
  call('ZREM', DELAYED, id)
  count('d:', j.tool, -1)
end
if j.attempt == 0 then count('w:', j.tool, -1) end
finish(id, j, S_CANCELLED, nil, keep, now)
tell(false)
return 1
`;

/** ARGV: channels and all that, then id. Answers the job's values, or none. */
const GET = `
local id = ARGV[5]
local j = load(id)
if not j then return {} end
local result = call('HGET', RESULT, id)
return { text(j.tool), j.state, j.attempt, j.attempts, text(call('HGET', PAYLOAD, id)), j.enqueued, j.due, j.deadline,
  j.started, j.ended, text(result or '') }
`;

/** Answers for each tool: name, queued, delayed, running, paused, oldest ms, ended (5), dead. */
const STATS = `
local out, counts = {}, {}
local flat = call('HGETALL', COUNTS)
for i = 1, #flat, 2 do counts[flat[i]] = flat[i + 1] end
for name in pairs(counts) do
  if sub(name, 1, 2) == 't:' then
    local tool = sub(name, 3)
    local list = QUEUED .. ':' .. tool
    local queued = math.max(0, call('LLEN', list) - tonumber(counts['s:' .. tool] or 0))
    local oldest, from = 0, 0
    while queued > 0 do
      local ids = call('LRANGE', list, format('%.0f', from), format('%.0f', from + 15))
      if not ids[1] then break end
      local found
      for _, id in ipairs(ids) do
        local j = load(id)
        if j and j.state == S_QUEUED then
          found = j
          break
        end
      end
      if found then
        oldest = math.max(0, now - found.due)
        break
      end
      from = from + 16
    end
    local told = { text(tool), queued, tonumber(counts['d:' .. tool] or 0), tonumber(counts['r:' .. tool] or 0),
      counts['p:' .. tool] and 1 or 0, oldest }
    for state = 4, 8 do told[#told + 1] = tonumber(counts['e:' .. NAMES[state] .. ':' .. tool] or 0) end
    told[#told + 1] = call('ZLEXCOUNT', DEAD, first_of(tool), last_of(tool))
    out[#out + 1] = told
  end
end
return out
`;

/** ARGV: channels and all that, then how many. Answers how many went. */
const CLEANUP = `
local ids = call('ZRANGEBYSCORE', ENDED, '-inf', format('%.0f', now), 'LIMIT', '0', ARGV[5])
for _, id in ipairs(ids) do
  local j = load(id)
  if j and j.state == S_DEAD then call('ZREM', DEAD, dead_member(id, j)) end
  drop(id)
  call('ZREM', ENDED, id)
end
return #ids
`;

/** ARGV: channels and all that, then tool or '', how many. Finds as many dead jobs, oldest first. */
const OLDEST_DEAD = `
local found, tool = {}, ARGV[5]
local want = tonumber(ARGV[6])
if tool ~= '' then found = call('ZRANGEBYLEX', DEAD, first_of(tool), last_of(tool), 'LIMIT', '0', ARGV[6])
else
  -- Oldest first over all tools: the tools' oldest, merged.
  local names = call('HKEYS', COUNTS)
  local all = {}
  for _, name in ipairs(names) do
    if sub(name, 1, 2) == 't:' then
      local of = sub(name, 3)
      for _, one in ipairs(call('ZRANGEBYLEX', DEAD, first_of(of), last_of(of), 'LIMIT', '0', ARGV[6])) do
        all[#all + 1] = { sub(one, #of + 2), one }
      end
    end
  end
  table.sort(all, function(a, b) return a[1] < b[1] end)
  for i = 1, math.min(want, #all) do found[i] = all[i][2] end
end
`;

/** Answers how many were queued. */
const REQUEUE = `
for _, one in ipairs(found) do
  local id = string.match(one, '^[^%z]*%z%d+%z%d+%z(.*)$')
  call('ZREM', DEAD, one)
  call('ZREM', ENDED, id)
  local j = load(id)
  j.attempt, j.due, j.started, j.ended, j.fence, j.deadline, j.dedupe = 0, now, 0, 0, 0, 0, ''
  call('HDEL', RESULT, id)
  queue(id, j, false)
  count('w:', j.tool, 1)
end
tell(found[1] ~= nil)
return #found
`;

/** Answers how many went. */
const DROP = `
for _, one in ipairs(found) do
  local id = string.match(one, '^[^%z]*%z%d+%z%d+%z(.*)$')
  call('ZREM', DEAD, one)
  call('ZREM', ENDED, id)
  drop(id)
end
return #found
`;

/** ARGV: channels and all that, then tool, 1 or 0. */
const PAUSE = `
if ARGV[6] == '1' then call('HSET', COUNTS, 'p:' .. ARGV[5], '1')
else call('HDEL', COUNTS, 'p:' .. ARGV[5]) end
call('HSET', COUNTS, 't:' .. ARGV[5], '1')
tell(ARGV[6] ~= '1')
return 1
`;

const ALL = NOW + BASE + TABLES + ENDS;

/** The scripts of a queue. KEYS and the first of ARGV: see {@link BASE}. */
export const JOB_SCRIPTS = {
  enqueue: NOW + BASE + ENQUEUE,
  claim: ALL + CLAIM + CLAIM_ONLY,
  finish: ALL + CLAIM + FINISH,
  extend: NOW + BASE + TABLES + EXTEND,
  cancel: ALL + CANCEL,
  get: NOW + BASE + TABLES + GET,
  stats: ALL + STATS,
  cleanup: ALL + CLEANUP,
  requeue: ALL + OLDEST_DEAD + REQUEUE,
  drop: ALL + OLDEST_DEAD + DROP,
  pause: NOW + BASE + PAUSE,
} as const;
