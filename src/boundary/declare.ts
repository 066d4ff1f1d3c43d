import { ConfigError } from "../core/config.js";

/** Auth that lets anyone in, on purpose. It is called like any other auth and answers that there is no principal. */
export interface Anonymous {
  (entry: unknown): null;
  /** Why no credentials are asked for. Shown in the surface matrix. */
  readonly anonymous: string;
}

/** In place of limits where there are none, on purpose. */
export interface Unlimited {
  /** Why there is no limit. Shown in the surface matrix. */
  readonly unlimited: string;
}

/**
 * Lets anyone call: `auth: anonymous("health check")`. No auth at all is an error, so that it can't be forgotten.
 *
 * @throws {ConfigError} when the reason is missing or blank
 */
export function anonymous(why: string): Anonymous {
  return Object.assign((): null => null, { anonymous: reason("anonymous(why)", why) });
}

/**
 * Sets no limit: `limits: unlimited("called by the load balancer alone")`. No limits at all is an error, so that they
 * can't be forgotten.
 *
 * @throws {ConfigError} when the reason is missing or blank
 */
export function unlimited(why: string): Unlimited {
  return { unlimited: reason("unlimited(why)", why) };
}

/** Whether an auth was made by {@link anonymous}, also across copies of the package. */
export function isAnonymous(auth: unknown): auth is Anonymous {
  return typeof auth === "function" && typeof (auth as Partial<Anonymous>).anonymous === "string";
}

/** Whether limits were made by {@link unlimited}, also across copies of the package. */
export function isUnlimited(limits: unknown): limits is Unlimited {
  return typeof limits === "object" && limits !== null && typeof (limits as Partial<Unlimited>).unlimited === "string";
}

function reason(option: string, why: unknown): string {
  if (typeof why === "string" && why.trim() !== "") return why.trim();
  throw new ConfigError(option, why, "a reason in words");
}
