import { NOW } from "../script.js";

/**
 * What the scripts of a queue share. All of a queue's keys lie in one slot:
 *
 * - `meta`, `payload`, `result`: hashes by job id
 * - `queued`, `dead`: sorted sets of `tool NUL time NUL number NUL id`, in the order of these texts: so each tool's jobs
 *   are one stretch, oldest first, and are counted without looking at them
 * - `delayed` by when they are due, `running` by when the lease ends, `ended` by when they are forgotten
 * - `dedupe`: hash of `tool NUL value` → id
 * - `counts`: hash; `fence`, `seq`, `turn`, and for each tool `t:` (known), `p:` (paused), `r:` (running), `d:` (delayed),
 *   `w:` (waiting for their first attempt), and `e:<state>:` (ended so)
 *
 * A job's meta: state, flags (1: to be cancelled), attempt, attempts, fence, enqueued, due, deadline, started, ended,
 * number, tool NUL, dedupe.
 */
const JOBS = `
local META, PAYLOAD, RESULT, QUEUED, DELAYED, RUNNING, ENDED, DEAD, DEDUPE, COUNTS = unpack(KEYS)
local call, sub, format = redis.call, string.sub, string.format
local FORMAT = '>BBIIdddddddds'
local S_DELAYED, S_QUEUED, S_RUNNING, S_SUCCEEDED, S_FAILED, S_DEAD, S_EXPIRED, S_CANCELLED = 1, 2, 3, 4, 5, 6, 7, 8

local function read(raw)
  local j, at = {}, nil
  j.state, j.flags, j.attempt, j.attempts, j.fence, j.enqueued, j.due, j.deadline, j.started, j.ended, j.seq, j.lease, j.tool, at =
    struct.unpack(FORMAT, raw)
  j.dedupe = sub(raw, at)
  return j
end

local function pack(j)
  return struct.pack(FORMAT, j.state, j.flags, j.attempt, j.attempts, j.fence, j.enqueued, j.due, j.deadline, j.started,
    j.ended, j.seq, j.lease, j.tool) .. j.dedupe
end

local function load(id)
  local raw = call('HGET', META, id)
  return raw and read(raw)
end

local function save(id, j) call('HSET', META, id, pack(j)) end

-- (%s would stop at a NUL.)
local function placed(id, j, time) return j.tool .. '\\0' .. format('%016.0f', time) .. '\\0' .. format('%016.0f', j.seq) .. '\\0' .. id end

local function member(id, j) return placed(id, j, j.due) end

local function dead_member(id, j) return placed(id, j, j.ended) end

local function first_of(tool) return '[' .. tool .. '\\0' end

local function last_of(tool) return '(' .. tool .. '\\1' end

local function count(name, tool, by)
  if by ~= 0 then call('HINCRBY', COUNTS, name .. tool, format('%.0f', by)) end
end

local notes = {}

local function drop(id)
  call('HDEL', META, id)
  call('HDEL', PAYLOAD, id)
  call('HDEL', RESULT, id)
end

local NAMES = { [4] = 'succeeded', [5] = 'failed', [6] = 'dead', [7] = 'expired', [8] = 'cancelled' }

-- Ends a job that is in no set any more. keep: milliseconds by state. text: '+' and a result, '-' and an error, or nil.
local function finish(id, j, state, text, keep, now)
  j.state, j.ended, j.flags = state, now, 0
  if j.dedupe ~= '' then
    local field = j.tool .. '\\0' .. j.dedupe
    if call('HGET', DEDUPE, field) == id then call('HDEL', DEDUPE, field) end
  end
  count('e:' .. NAMES[state] .. ':', j.tool, 1)
  local ms = keep[state]
  if ms > 0 then
    save(id, j)
    if text then call('HSET', RESULT, id, text) end
    call('ZADD', ENDED, format('%.0f', now + ms), id)
    if state == S_DEAD then call('ZADD', DEAD, '0', dead_member(id, j)) end
  else drop(id) end
  local note = { id, NAMES[state] }
  if text and #text <= 1024 then note[3] = text end
  notes[#notes + 1] = note
end

-- Queues a job that is in no set.
local function queue(id, j)
  j.state = S_QUEUED
  save(id, j)
  call('ZADD', QUEUED, '0', member(id, j))
end

local function delay(id, j)
  j.state = S_DELAYED
  save(id, j)
  call('ZADD', DELAYED, format('%.0f', j.due), id)
  count('d:', j.tool, 1)
end

local function retention(at)
  return { [4] = tonumber(ARGV[at]), [5] = tonumber(ARGV[at + 1]), [6] = tonumber(ARGV[at + 2]),
    [7] = tonumber(ARGV[at + 3]), [8] = tonumber(ARGV[at + 4]) }
end

local function tell(channel, ready)
  if channel == '' then return end
  if ready then call('PUBLISH', channel, 'ready') end
  if notes[1] then call('PUBLISH', channel, cjson.encode(notes)) end
end
`;

/** ARGV: time, channel, groups; each group: how many, then id, tool, payload, delay, deadline, attempts, cap, dedupe. */
const ENQUEUE = `
local at, out, ready = 4, {}, false
for _ = 1, tonumber(ARGV[3]) do
  local size = tonumber(ARGV[at])
  at = at + 1
  local jobs, depths, ids, values, full = {}, {}, {}, {}, nil
  for i = 1, size do
    local id, tool, payload, wait, deadline, attempts, cap, dedupe = unpack(ARGV, at, at + 7)
    at = at + 8
    local field = tool .. '\\0' .. dedupe
    local same = (ids[id] or call('HEXISTS', META, id) == 1) and id
      or dedupe ~= '' and (values[field] or call('HGET', DEDUPE, field))
    jobs[i] = { id = id, same = same or nil }
    if not same then
      ids[id] = true
      if dedupe ~= '' then values[field] = id end
      local job = jobs[i]
      wait, deadline, cap = tonumber(wait), tonumber(deadline), tonumber(cap)
      job.payload = payload
      job.j = { state = 0, flags = 0, attempt = 0, attempts = tonumber(attempts), fence = 0, enqueued = now,
        due = now + wait, deadline = deadline > 0 and now + deadline or 0, started = 0, ended = 0, seq = 0, lease = 0,
        tool = tool, dedupe = dedupe }
      local depth = depths[tool] or tonumber(call('HGET', COUNTS, 'w:' .. tool) or 0)
      if cap > 0 and depth >= cap and not full then full = { tool, depth, cap } end
      depths[tool] = depth + 1
    end
  end
  if full then
    out[#out + 1] = { 0, '=' .. full[1], full[2], full[3] }
  else
    local told = { 1 }
    for _, job in ipairs(jobs) do
      local j = job.j
      if j then
        j.seq = call('HINCRBY', COUNTS, 'seq', '1')
        call('HSET', PAYLOAD, job.id, job.payload)
        if j.dedupe ~= '' then call('HSET', DEDUPE, j.tool .. '\\0' .. j.dedupe, job.id) end
        if j.due > now then delay(job.id, j)
        else
          queue(job.id, j)
          ready = true
        end
        count('w:', j.tool, 1)
      end
      told[#told + 1] = '=' .. (job.same or job.id)
      told[#told + 1] = job.same and 1 or 0
    end
    for tool in pairs(depths) do call('HSET', COUNTS, 't:' .. tool, '1') end
    out[#out + 1] = told
  end
end
tell(ARGV[2], ready)
return out
`;

/**
 * The function `claim(at)`: a request's arguments begin there. How many, lease, scan, retention (5), tools, and for each:
 * name, cap. Answers { now, ms until there may be more or −1, then for each job: id, tool, attempt, attempts, fence,
 * payload, enqueued, due, deadline }.
 */
const CLAIM = `
local function look_after(scan, keep)
  local moved = false
  local due = call('ZRANGEBYSCORE', DELAYED, '-inf', format('%.0f', now), 'LIMIT', '0', scan)
  for _, id in ipairs(due) do
    call('ZREM', DELAYED, id)
    local j = load(id)
    if j then
      count('d:', j.tool, -1)
      queue(id, j)
      moved = true
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
        queue(id, j)
        moved = true
      end
    end
  end
  return moved
end

local function claim(at)
  local wanted, lease, scan, keep = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2], retention(at + 3)
  local size = tonumber(ARGV[at + 8])
  look_after(scan, keep)
  local tools, starting = {}, size > 1 and call('HINCRBY', COUNTS, 'turn', '1') or 0
  for i = 1, size do
    local k = at + 9 + 2 * ((starting + i) % size)
    local tool, cap = ARGV[k], tonumber(ARGV[k + 1])
    local free = wanted
    if call('HEXISTS', COUNTS, 'p:' .. tool) == 1 then free = 0
    elseif cap > 0 then free = math.max(0, cap - tonumber(call('HGET', COUNTS, 'r:' .. tool) or 0)) end
    if free > 0 then tools[#tools + 1] = { tool = tool, free = free, share = 0 } end
  end
  local out, given, looked = { now, -1 }, 0, 0
  local fence = math.max(tonumber(call('HGET', COUNTS, 'fence') or 0), now - 1)
  local n = 2
  while given < wanted and tools[1] and looked <= tonumber(scan) do
    -- In turn: each as much as the others, as far as it has jobs and room.
    local left, open = wanted - given, {}
    for _, one in ipairs(tools) do
      one.share = 0
      one.have = #tools == 1 and left or call('ZLEXCOUNT', QUEUED, first_of(one.tool), last_of(one.tool))
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
      local found = one.share > 0
        and call('ZRANGEBYLEX', QUEUED, first_of(one.tool), last_of(one.tool), 'LIMIT', '0', format('%.0f', one.share)) or {}
      local got = #found
      if got > 0 then
        local ids, prefix = {}, #one.tool + 36
        for i = 1, got do ids[i] = sub(found[i], prefix) end
        call('ZREM', QUEUED, unpack(found))
        local metas = call('HMGET', META, unpack(ids))
        local payloads = call('HMGET', PAYLOAD, unpack(ids))
        local until_text = format('%.0f', now + lease)
        local written, running, m, first, taken = {}, {}, 0, 0, 0
        for i = 1, got do
          local raw = metas[i]
          if raw then
            local j = read(raw)
            if j.attempt == 0 then first = first + 1 end
            if j.deadline > 0 and j.deadline <= now then
              looked = looked + 1
              finish(ids[i], j, S_EXPIRED, nil, keep, now)
            else
              fence = fence + 1
              j.state, j.attempt, j.fence, j.started, j.lease = S_RUNNING, j.attempt + 1, fence, now, lease
              written[m + 1], written[m + 2] = ids[i], pack(j)
              running[m + 1], running[m + 2] = until_text, ids[i]
              m = m + 2
              taken = taken + 1
              out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5], out[n + 6], out[n + 7], out[n + 8], out[n + 9] =
                '=' .. ids[i], '=' .. j.tool, j.attempt, j.attempts, fence, '=' .. (payloads[i] or ''), j.enqueued, j.due, j.deadline
              n = n + 9
            end
          end
        end
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

/** ARGV: time, channel, then the request. */
const CLAIM_ONLY = `
local claimed = claim(3)
tell(ARGV[2], false)
return claimed
`;

/**
 * ARGV: time, channel, retention (5), how many ends; each: id, fence, kind, delay, text; then, if there is more, a
 * request. Answers { for each end 1 or 0 }, and what was claimed.
 */
const FINISH = `
local keep, size, at = retention(3), tonumber(ARGV[8]), 9
local finished, ready = {}, false
local ids = {}
for i = 1, size do ids[i] = ARGV[at + 5 * (i - 1)] end
local metas = size > 0 and call('HMGET', META, unpack(ids)) or {}
local gone, released, seen = {}, {}, {}
local saved, results, ends, m, r, e = {}, {}, {}, 0, 0, 0
local ended_counts = {}
for i = 1, size do
  local id, fence, kind, wait, text = unpack(ARGV, at, at + 4)
  at = at + 5
  local j = metas[i] and not seen[id] and read(metas[i])
  if not j or j.state ~= S_RUNNING or j.fence ~= tonumber(fence) then finished[i] = 0
  else
    finished[i] = 1
    seen[id] = true
    gone[#gone + 1] = id
    released[j.tool] = (released[j.tool] or 0) + 1
    if kind == 'succeeded' and j.dedupe == '' and keep[S_SUCCEEDED] > 0 then
      -- The usual end, written together for all.
      j.state, j.ended, j.flags = S_SUCCEEDED, now, 0
      saved[m + 1], saved[m + 2] = id, pack(j)
      results[m + 1], results[m + 2] = id, '+' .. text
      ends[m + 1], ends[m + 2] = format('%.0f', now + keep[S_SUCCEEDED]), id
      m = m + 2
      ended_counts[j.tool] = (ended_counts[j.tool] or 0) + 1
      notes[#notes + 1] = { id, 'succeeded', #text < 1024 and '+' .. text or nil }
    elseif kind == 'succeeded' then finish(id, j, S_SUCCEEDED, '+' .. text, keep, now)
    elseif j.flags == 1 then finish(id, j, S_CANCELLED, text ~= '' and '-' .. text or nil, keep, now)
    elseif kind == 'failed' then finish(id, j, S_FAILED, '-' .. text, keep, now)
    elseif kind == 'released' then
      j.attempt = j.attempt - 1
      if j.attempt == 0 then count('w:', j.tool, 1) end
      queue(id, j)
      ready = true
    elseif j.attempt >= j.attempts then finish(id, j, S_DEAD, '-' .. text, keep, now)
    else
      call('HSET', RESULT, id, '-' .. text)
      j.due = now + tonumber(wait)
      if j.due > now then delay(id, j)
      else
        queue(id, j)
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
  for tool, by in pairs(ended_counts) do count('e:succeeded:', tool, by) end
end
local claimed = ARGV[at] and claim(at) or {}
tell(ARGV[2], ready)
return { finished, claimed }
`;

/** ARGV: time, channel, lease, then id, fence. Answers 0 lost, 1 kept, 2 to be cancelled. */
const EXTEND = `
local out = {}
for at = 4, #ARGV, 2 do
  local id = ARGV[at]
  local j = load(id)
  if not j or j.state ~= S_RUNNING or j.fence ~= tonumber(ARGV[at + 1]) then out[#out + 1] = 0
  else
    call('ZADD', RUNNING, format('%.0f', now + tonumber(ARGV[3])), id)
    out[#out + 1] = j.flags == 1 and 2 or 1
  end
end
return out
`;

/** ARGV: time, channel, id, retention (5). Answers 0 unknown, 1 cancelled, 2 requested, 3 ended. */
const CANCEL = `
local id, keep = ARGV[3], retention(4)
local j = load(id)
if not j then return 0 end
if j.state > S_RUNNING then return 3 end
if j.state == S_RUNNING then
  j.flags = 1
  save(id, j)
  return 2
end
if j.state == S_QUEUED then call('ZREM', QUEUED, member(id, j))
else
  call('ZREM', DELAYED, id)
  count('d:', j.tool, -1)
end
if j.attempt == 0 then count('w:', j.tool, -1) end
finish(id, j, S_CANCELLED, nil, keep, now)
tell(ARGV[2], false)
return 1
`;

/** ARGV: time, channel, id. Answers the job's values, or none. */
const GET = `
local id = ARGV[3]
local j = load(id)
if not j then return {} end
local result = call('HGET', RESULT, id)
return { '=' .. j.tool, j.state, j.attempt, j.attempts, '=' .. call('HGET', PAYLOAD, id), j.enqueued, j.due, j.deadline,
  j.started, j.ended, '=' .. (result or '') }
`;

/** Answers for each tool: name, queued, delayed, running, paused, oldest ms, ended (5), dead. */
const STATS = `
local out, counts = {}, {}
local flat = call('HGETALL', COUNTS)
for i = 1, #flat, 2 do counts[flat[i]] = flat[i + 1] end
for name in pairs(counts) do
  if sub(name, 1, 2) == 't:' then
    local tool = sub(name, 3)
    local queued = call('ZLEXCOUNT', QUEUED, first_of(tool), last_of(tool))
    local oldest = 0
    if queued > 0 then
      local first = call('ZRANGEBYLEX', QUEUED, first_of(tool), last_of(tool), 'LIMIT', '0', '1')[1]
      oldest = math.max(0, now - tonumber(sub(first, #tool + 2, #tool + 17)))
    end
    local told = { '=' .. tool, queued, tonumber(counts['d:' .. tool] or 0), tonumber(counts['r:' .. tool] or 0),
      counts['p:' .. tool] and 1 or 0, oldest }
    for state = 4, 8 do told[#told + 1] = tonumber(counts['e:' .. NAMES[state] .. ':' .. tool] or 0) end
    told[#told + 1] = call('ZLEXCOUNT', DEAD, first_of(tool), last_of(tool))
    out[#out + 1] = told
  end
end
return out
`;

/** ARGV: time, channel, how many. Answers how many went. */
const CLEANUP = `
local ids = call('ZRANGEBYSCORE', ENDED, '-inf', format('%.0f', now), 'LIMIT', '0', ARGV[3])
for _, id in ipairs(ids) do
  local j = load(id)
  if j and j.state == S_DEAD then call('ZREM', DEAD, dead_member(id, j)) end
  drop(id)
  call('ZREM', ENDED, id)
end
return #ids
`;

/** ARGV: time, channel, tool or '', how many. Answers how many were queued. */
const REQUEUE = `
local found, tool = {}, ARGV[3]
local want = tonumber(ARGV[4])
if tool ~= '' then found = call('ZRANGEBYLEX', DEAD, first_of(tool), last_of(tool), 'LIMIT', '0', ARGV[4])
else
  -- Oldest first over all tools: the tools' oldest, merged.
  local names = call('HKEYS', COUNTS)
  local all = {}
  for _, name in ipairs(names) do
    if sub(name, 1, 2) == 't:' then
      local of = sub(name, 3)
      for _, one in ipairs(call('ZRANGEBYLEX', DEAD, first_of(of), last_of(of), 'LIMIT', '0', ARGV[4])) do
        all[#all + 1] = { sub(one, #of + 2), one }
      end
    end
  end
  table.sort(all, function(a, b) return a[1] < b[1] end)
  for i = 1, math.min(want, #all) do found[i] = all[i][2] end
end
for _, one in ipairs(found) do
  local id = string.match(one, '^[^%z]*%z%d+%z%d+%z(.*)$')
  call('ZREM', DEAD, one)
  call('ZREM', ENDED, id)
  local j = load(id)
  j.attempt, j.due, j.started, j.ended, j.fence, j.deadline, j.dedupe = 0, now, 0, 0, 0, 0, ''
  call('HDEL', RESULT, id)
  queue(id, j)
  count('w:', j.tool, 1)
end
tell(ARGV[2], found[1] ~= nil)
return #found
`;

/** ARGV: time, channel, tool, 1 or 0. */
const PAUSE = `
if ARGV[4] == '1' then call('HSET', COUNTS, 'p:' .. ARGV[3], '1')
else call('HDEL', COUNTS, 'p:' .. ARGV[3]) end
call('HSET', COUNTS, 't:' .. ARGV[3], '1')
tell(ARGV[2], ARGV[4] ~= '1')
return 1
`;

/** The scripts of a queue. KEYS: see {@link JOBS}. ARGV: the time or '', the channel to tell it on or ''. */
export const JOB_SCRIPTS = {
  enqueue: NOW + JOBS + ENQUEUE,
  claim: NOW + JOBS + CLAIM + CLAIM_ONLY,
  finish: NOW + JOBS + CLAIM + FINISH,
  extend: NOW + JOBS + EXTEND,
  cancel: NOW + JOBS + CANCEL,
  get: NOW + JOBS + GET,
  stats: NOW + JOBS + STATS,
  cleanup: NOW + JOBS + CLEANUP,
  requeue: NOW + JOBS + REQUEUE,
  pause: NOW + JOBS + PAUSE,
} as const;
