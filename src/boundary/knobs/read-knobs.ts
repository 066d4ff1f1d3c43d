import type { Knobs, KnobValues } from "./knob.js";
import { nearest } from "./near-miss.js";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One knob that could not be read. */
export interface KnobProblem {
  readonly name: string;
  /** What was set, `"[secret]"` for secrets, `undefined` where nothing was. */
  readonly value: string | undefined;
  /** What is allowed, in words. */
  readonly allowed: string;
}

/** Knobs with bad values, all of them at once: found when the service starts. */
export class KnobError extends TypeError {
  override readonly name = "KnobError";
  readonly code = "config";

  constructor(readonly problems: readonly KnobProblem[]) {
    super(
      `Environment variables that can't be used:\n${problems
        .map(
          ({ name, value, allowed }) =>
            `  ${name}: ${value === undefined ? "not set" : `got ${value}`}; allowed: ${allowed}`,
        )
        .join("\n")}`,
    );
  }
}

/** Where a knob's value comes from. */
export type KnobOrigin = "default" | "env" | "override";

/** What {@link readKnobs} found. */
export interface KnobsRead<K extends Knobs> {
  readonly values: KnobValues<K>;
  readonly sources: Readonly<Record<keyof K, KnobOrigin>>;
  /** Variables that are set, are no knob, and look like one: what someone set in vain. */
  readonly misspelt: readonly { readonly variable: string; readonly knob: string }[];
}

/** What is shown in place of a secret. */
export const SECRET = "[secret]";

/**
 * Reads declared knobs from the environment. A variable that is set to nothing counts as not set.
 *
 * @param env default: the process's own, where there is one
 * @throws {KnobError} with every variable that is missing or bad
 */
export function readKnobs<K extends Knobs>(declared: K, env: Environment = processEnvironment()): KnobsRead<K> {
  const values: Record<string, unknown> = {};
  const sources: Record<string, KnobOrigin> = {};
  const problems: KnobProblem[] = [];
  const misspelt = Object.keys(env)
    .filter((variable) => !Object.hasOwn(declared, variable) && env[variable])
    .flatMap((variable) => {
      const knob = nearest(variable, Object.keys(declared));
      return knob === undefined ? [] : [{ variable, knob }];
    });
  for (const [name, knob] of Object.entries(declared)) {
    const text = env[name];
    if (text === undefined || text === "") {
      const meant = misspelt.find((suspect) => suspect.knob === name);
      const hint = meant === undefined ? "" : ` (${meant.variable} is set: is that what was meant?)`;
      if (knob.default === undefined) problems.push({ name, value: undefined, allowed: knob.allowed + hint });
      values[name] = knob.default;
      sources[name] = "default";
      continue;
    }
    const reading = knob.read(text);
    if ("allowed" in reading) {
      problems.push({
        name,
        value: knob.secret ? SECRET : JSON.stringify(text.slice(0, 80)),
        allowed: reading.allowed,
      });
    } else {
      values[name] = reading.value;
      sources[name] = "env";
    }
  }
  if (problems.length > 0) throw new KnobError(problems);
  return { values: Object.freeze(values), sources, misspelt } as unknown as KnobsRead<K>;
}

/** Read without importing anything of Node's: other runtimes have no process. */
function processEnvironment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}
