import type { AnyTwin } from "./twins/twin.js";

/** A script as servers know it: by its text, and by the SHA-1 of that once it is known. */
export interface Script {
  readonly text: string;
  /** Lower-case hexadecimal; `undefined` until it has been computed. */
  sha: string | undefined;
}

/** Makes a script, and begins to compute its digest. */
export function script(text: string): Script {
  const made: Script = { text, sha: undefined };
  // Until it is known the text itself is sent, which does the same.
  void crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)).then((digest) => {
    made.sha = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
  return made;
}

/** The server's time in whole milliseconds, unless the caller brings one; and in microseconds. */
export const NOW = `
local now = tonumber(ARGV[1])
local micros = now and now * 1000
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
  micros = time[1] * 1000000 + time[2]
end
`;

/**
 * Steps cells. ARGV: the time or ''; 1 if a key comes twice; then runs until the keys are used up: how many keys, 1 if the next run is to be
 * stepped together with this one (all or nothing), which twin, how many arguments, and these. Answers the time, and each
 * decision's values; −1 for a state of a newer version, −2 for one that can't be read.
 *
 * A state begins with its version: numbers as doubles where the kernel's state is always so many, else MessagePack. A
 * cell that is stepped several times is read and written once.
 */
const STEP = `
local call, unpack_any, pack_any, unpack_numbers, pack_numbers =
  redis.call, cmsgpack.unpack, cmsgpack.pack, struct.unpack, struct.pack
local repeats = ARGV[2] == '1'
local out, n, key, at, held, texts = { now }, 1, 1, 3, nil, nil
local states, ttls, writers, changed
if repeats then states, ttls, writers, changed = {}, {}, {}, {} end

local function write(name, state, ttl, twin)
  -- A state that matters no longer is none.
  if not state or ttl < 1 then return call('DEL', name) end
  state[1] = twin.version
  local packed = twin.width and pack_numbers(twin.format, unpack(state, 1, twin.width + 1)) or pack_any(state)
  -- (A number would be written out with all its digits, which takes longer than the rest.)
  local text = texts and texts[ttl]
  if not text then
    text = string.format('%.0f', ttl)
    texts = texts or {}
    texts[ttl] = text
  end
  call('PSETEX', name, text, packed)
end

local function keep(name, state, ttl, twin)
  if not repeats then return write(name, state, ttl, twin) end
  states[name] = state
  ttls[name] = ttl
  if not writers[name] then
    changed[#changed + 1] = name
    writers[name] = twin
  end
end

local function load(name, twin)
  local raw = redis.pcall('GET', name)
  if not raw then return false end
  if raw.err then return -2 end
  local state, version = nil, twin.version
  if twin.width then
    if #raw == twin.bytes then state = { unpack_numbers(twin.format, raw) }
    elseif #raw >= 8 and #raw % 8 == 0 then state = { (unpack_numbers('>d', raw)) }
    else return -2 end
  else
    local ok, value = pcall(unpack_any, raw)
    if not ok or type(value) ~= 'table' or type(value[1]) ~= 'number' then return -2 end
    state = value
  end
  if state[1] == version then
    if twin.width and #raw ~= twin.bytes then return -2 end
    return state
  end
  if state[1] > version then return -1 end
  if state[1] == version - 1 and twin.upgrade then return twin.upgrade(state, raw) or false end
  return false
end

while KEYS[key] do
  local count, more, twin = tonumber(ARGV[at]), ARGV[at + 1] == '1', twins[tonumber(ARGV[at + 2])]
  local replies, step = twin.replies, twin.step
  local request = twin.read(at + 4)
  at = at + 4 + tonumber(ARGV[at + 3])
  local together = more or held
  if more and not held then held = {} end
  for _ = 1, count do
    local name = KEYS[key]
    key = key + 1
    local state
    if repeats then state = states[name] end
    if state == nil then
      state = load(name, twin)
      if repeats then states[name] = state end
    end
    if state == -1 or state == -2 then
      out[n + 1] = state
      for i = 2, replies do out[n + i] = 0 end
      if together then held[#held + 1] = { failed = true } end
    else
      local granted, new, ttl = step(state or nil, now, request, out, n)
      if together then held[#held + 1] = { name = name, granted = granted, new = new, ttl = ttl, twin = twin }
      elseif new ~= nil then keep(name, new, ttl, twin) end
    end
    n = n + replies
  end
  if together and not more then
    local all, none = true, false
    for _, one in ipairs(held) do
      if one.failed then none = true elseif not one.granted then all = false end
    end
    for _, one in ipairs(held) do
      if not none and one.new ~= nil and (all or not one.granted) then keep(one.name, one.new, one.ttl, one.twin) end
    end
    held = nil
  end
end

if repeats then
  for i = 1, #changed do
    local name = changed[i]
    write(name, states[name], ttls[name], writers[name])
  end
end
return out
`;

/** The script that steps cells of these kernels; a run names its twin by its place among them, from 1 on. */
export function steppingScript(twins: readonly AnyTwin[]): Script {
  const shared = new Map<string, string>();
  for (const { needs = {} } of twins) for (const [name, lua] of Object.entries(needs)) shared.set(name, lua);
  const table = twins.map(
    ({ lua, upgrade, version, replies, width }) => `
do
  local read, step = (function()${lua}end)()
  twins[#twins + 1] = { version = ${version}, replies = ${replies}, read = read, step = step,${packing(width)}
    upgrade = ${upgrade === undefined ? "nil" : `function(older, raw) ${upgrade} end`} }
end`,
  );
  return script([NOW, ...shared.values(), "local twins = {}", ...table, STEP].join("\n"));
}

/** How a state of so many numbers and the version before them is packed. */
function packing(width: number | undefined): string {
  if (width === undefined) return "";
  return ` width = ${width}, bytes = ${8 * (width + 1)}, format = '>${"d".repeat(width + 1)}',`;
}
