import { KeelsonError } from "keelson";
import { kit } from "../keel";

/**
 * A setting that has to be there for this to work.
 *
 * @throws {KeelsonError} `unavailable`: a deployment that isn't set up refuses, and lets nobody in
 */
export function needed<N extends keyof typeof kit.knobs>(name: N): (typeof kit.knobs)[N] {
  const value = kit.knobs[name];
  if (value === "") throw new KeelsonError("unavailable", `${name} is not set`);
  return value;
}
