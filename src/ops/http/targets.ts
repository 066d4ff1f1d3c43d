import type { Config } from "../config/config.js";
import type { Target } from "../config/request.js";
import { UsageError } from "../failure.js";

/**
 * A target by its name.
 *
 * @throws {UsageError} when there is none of that name
 */
export function targetOf({ target, targets }: Config, name: string | undefined, where: string): Target {
  if (name === undefined) return target;
  const found = targets[name];
  if (found !== undefined) return found;
  const known = Object.keys(targets);
  throw new UsageError(
    `${where}: no target ${JSON.stringify(name)}; ${known.length === 0 ? "there are none under targets" : `there are ${known.join(", ")}`}`,
  );
}
