import type { AnyTwin, Twin } from "../scripted/twins/twin.js";

/** A twin of the kernel that the conformance suite tries versions with: a counter whose next version counts in tens. */
function counterTwin(version: number): AnyTwin {
  const twin: Twin<undefined, { readonly add: number }, { readonly sum: number }> = {
    name: "conformance-counter",
    version,
    width: 1,
    lua: `
return function(at) return tonumber(ARGV[at]) end, function(state, now, add, out, n)
  local sum = (state and state[2] or 0) + add
  out[n + 1] = sum
  return true, { 1, sum }, 60000
end
`,
    ...(version > 1 && { upgrade: "return { 2, older[2] * 10 }" }),
    replies: 1,
    encode: (_config, { add }) => [add],
    decode: (values, at) => ({ sum: values[at] as number }),
  };
  return twin as unknown as AnyTwin;
}

export const counterTwins: readonly AnyTwin[] = [counterTwin(1), counterTwin(2)];
