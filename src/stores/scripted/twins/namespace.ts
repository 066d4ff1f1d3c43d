import type { NamespaceConfig, NamespaceDecision, NamespaceInput } from "../../../kernel/namespace/namespace.js";
import type { Twin } from "./twin.js";

/** The twin of `namespaceKernel`. A decision's value: the epoch. */
export const namespaceTwin: Twin<NamespaceConfig, NamespaceInput, NamespaceDecision> = {
  name: "namespace",
  version: 1,
  width: 1,
  lua: `
return function(at)
  return { keep = tonumber(ARGV[at]), op = ARGV[at + 1], nonce = tonumber(ARGV[at + 2]) }
end, function(state, now, q, out, n)
  local epoch = state and state[2]
  if q.op == 'look' then
    out[n + 1] = epoch or 0
    return true, nil, 0
  end
  if not epoch or q.op == 'bump' then epoch = q.nonce == epoch and q.nonce + 1 or q.nonce end
  out[n + 1] = epoch
  return true, { 1, epoch }, q.keep
end
`,
  glance: (state, _ttlMs, _config, { op }) => (op === "look" ? { epoch: state[1] as number } : undefined),
  replies: 1,
  encode: ({ keepMs }, { op, nonce }) => [keepMs, op, nonce],
  decode: (values, at) => ({ epoch: values[at] as number }),
};
