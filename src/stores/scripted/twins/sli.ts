import type { SliCellConfig, SliCellDecision, SliCellInput } from "../../../kernel/sli/sli-cell.js";
import { textOf } from "./text.js";
import type { Twin } from "./twin.js";

/** The twin of `sliCell`. A decision's values: how many numbers, and these as text between blanks. */
export const sliTwin: Twin<SliCellConfig, SliCellInput, SliCellDecision> = {
  name: "sli",
  version: 1,
  lua: `
local function step(state, now, q, out, n)
  local held = state or { 1, 0, 0 }
  local sum, changed = held, nil
  if q.counts[2] ~= 0 then
    sum = { 1, held[2] + q.counts[2], held[3] + q.counts[3] }
    local i, j, last = 4, 4, 3
    while held[i] or q.counts[j] do
      local left, right = held[i] or math.huge, q.counts[j] or math.huge
      local bucket, count = math.min(left, right), 0
      if left == bucket then
        count = count + held[i + 1]
        i = i + 2
      end
      if right == bucket then
        count = count + q.counts[j + 1]
        j = j + 2
      end
      sum[last + 1], sum[last + 2] = bucket, count
      last = last + 2
    end
    changed = sum
  end
  local text = {}
  for k = 2, #sum do text[k - 1] = string.format('%.0f', sum[k]) end
  out[n + 1], out[n + 2] = #text, '=' .. table.concat(text, ' ')
  return true, changed, q.ttl
end

return function(at)
  local counts = { 1 }
  for number in string.gmatch(ARGV[at + 1], '%S+') do counts[#counts + 1] = tonumber(number) end
  return { ttl = tonumber(ARGV[at]), counts = counts }
end, step
`,
  replies: 2,
  encode: ({ ttlMs }, { counts }) => [ttlMs, counts.join(" ")],
  decode: (values, at) => ({
    counts: textOf(values[at + 1])
      .split(" ")
      .map(Number),
  }),
};
