import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError, onlyKnown } from "../../core/config.js";
import { bytes, type Duration, milliseconds, type Size } from "../../core/duration.js";
import { withoutValue } from "../../core/validation.js";

/** A setting that operators can turn: declared with its type, range and default. See {@link knob}. */
export interface Knob<out T> {
  /** `int`, `duration`, …: shown in tables. */
  readonly kind: string;
  /** What is taken when nothing is set; `undefined`: it has to be set. */
  readonly default: T | undefined;
  /** Never shown. */
  readonly secret: boolean;
  /** What it is for. */
  readonly describe: string;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** Makes a value of text from the environment, or of a value given at run time. */
  read(given: unknown): KnobReading<T>;
}

/** A value, or why there is none. */
export type KnobReading<T> = { readonly value: T } | { readonly allowed: string };

/** What every knob can be told. */
export interface KnobOptions<T> {
  /** What is taken when nothing is set. Left out: it has to be set. */
  readonly default?: T;
  /** What it is for: one line of the generated table. */
  readonly describe?: string;
  /** Never show its value: not in errors, tables, snapshots or events. Default false. */
  readonly secret?: boolean;
}

/** A knob with a range. */
export interface KnobRange<T> extends KnobOptions<T> {
  readonly min?: T;
  readonly max?: T;
}

/** The kinds of knobs. Each checks its own default when it is declared. */
export const knob = {
  /** A whole number. */
  int: (options: KnobRange<number> = {}): Knob<number> =>
    ranged("int", "a whole number", options, (given) => digits(given, /^[+-]?\d+$/, Number.isSafeInteger)),

  /** A number, `0.5` or `1e3`. */
  number: (options: KnobRange<number> = {}): Knob<number> =>
    ranged("number", "a number", options, (given) =>
      digits(given, /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i, Number.isFinite),
    ),

  /** A duration, `"30s"` or a number of milliseconds; its value is in milliseconds. */
  duration: (options: KnobRange<Duration> = {}): Knob<number> =>
    ranged("duration", 'a duration like "250ms", "30s", "5m", "1h", "7d" or milliseconds', options, (given) =>
      quantity(given, (value) => milliseconds(value as Duration, "")),
    ),

  /** A size, `"64kb"` or a number of bytes; its value is in bytes. */
  size: (options: KnobRange<Size> = {}): Knob<number> =>
    ranged("size", 'a size like "512b", "64kb", "1mb" or bytes', options, (given) =>
      quantity(given, (value) => bytes(value as Size, "")),
    ),

  /** On or off: `true` or `false`; also `1`, `0`, `on`, `off`, `yes`, `no`. */
  flag: (options: KnobOptions<boolean> = {}): Knob<boolean> =>
    make("flag", "true | false", options, (given) => {
      const word = String(given).toLowerCase();
      return FLAGS.includes(word) ? FLAGS.indexOf(word) % 2 === 0 : undefined;
    }),

  /** Text; `min` and `max` are its length in characters. */
  text: (options: KnobOptions<string> & { readonly min?: number; readonly max?: number } = {}): Knob<string> => {
    const { min = 0, max = 65_536 } = options;
    return make("text", `text of ${min} to ${max} characters`, options, (given) =>
      typeof given === "string" && given.length >= min && given.length <= max ? given : undefined,
    );
  },

  /** One of a few words. */
  choice: <const V extends string>(of: readonly V[], options: KnobOptions<NoInfer<V>> = {}): Knob<V> =>
    make("choice", of.join(" | "), options, (given) => of.find((word) => word === given)),

  /** Texts with commas between them; white space around them does not count. */
  list: <const V extends string = string>(
    options: KnobOptions<readonly NoInfer<V>[]> & { readonly of?: readonly V[] } = {},
  ): Knob<readonly V[]> => {
    const { of } = options;
    const allowed =
      of === undefined ? "texts with commas in between" : `some of ${of.join(", ")}, with commas in between`;
    return make("list", allowed, options, (given) => {
      const items: unknown = typeof given === "string" ? given.split(",").map((item) => item.trim()) : given;
      if (!Array.isArray(items)) return undefined;
      const texts = items.filter((item) => item !== "");
      return texts.every((item) => typeof item === "string" && (of === undefined || of.includes(item as V)))
        ? Object.freeze(texts as V[])
        : undefined;
    });
  },

  /**
   * Whatever a Standard Schema makes of the text, `z.coerce.number().multipleOf(5)` or `z.string().url()`. The schema
   * has to answer at once; the default is taken as it is.
   */
  schema: <S extends StandardSchemaV1>(
    schema: S,
    options: KnobOptions<StandardSchemaV1.InferOutput<S>> = {},
  ): Knob<StandardSchemaV1.InferOutput<S>> => {
    const declared = make<StandardSchemaV1.InferOutput<S>>(
      "schema",
      "what the schema accepts",
      options,
      (given) => given,
    );
    return {
      ...declared,
      read(given) {
        const result = schema["~standard"].validate(given);
        if ("then" in result) throw new ConfigError("knob.schema", "(a schema)", "a schema that is not asynchronous");
        return result.issues
          ? { allowed: result.issues.map((issue) => withoutValue(issue.message, given)).join("; ") }
          : { value: result.value };
      },
    };
  },
};

/** Even indexes are true. */
const FLAGS = ["true", "false", "1", "0", "on", "off", "yes", "no"];

/** Declared knobs, by the name of the environment variable. */
export type Knobs = Readonly<Record<string, Knob<unknown>>>;

/** The values of declared knobs. */
export type KnobValues<K extends Knobs> = { readonly [N in keyof K]: K[N] extends Knob<infer T> ? T : never };

function digits(given: unknown, form: RegExp, valid: (value: unknown) => boolean): number | undefined {
  const value = typeof given === "string" && form.test(given) ? Number(given) : given;
  return valid(value) ? (value as number) : undefined;
}

function quantity(given: unknown, parse: (value: unknown) => number): number | undefined {
  try {
    return parse(typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given);
  } catch {
    return undefined;
  }
}

function ranged(
  kind: string,
  what: string,
  options: KnobRange<number | string>,
  read: (given: unknown) => number | undefined,
): Knob<number> {
  const bound = (which: "min" | "max"): number | undefined => {
    const given = options[which];
    const value = read(given);
    if (given !== undefined && value === undefined) throw new ConfigError(`knob.${kind}.${which}`, given, what);
    return value;
  };
  const [min, max] = [bound("min"), bound("max")];
  const range = [min !== undefined && `at least ${options.min}`, max !== undefined && `at most ${options.max}`];
  return make<number>(kind, [what, ...range.filter(Boolean)].join(", "), options, (given) => {
    const value = read(given);
    return value !== undefined && value >= (min ?? value) && value <= (max ?? value) ? value : undefined;
  });
}

function make<T>(
  kind: string,
  allowed: string,
  options: KnobOptions<unknown>,
  read: (given: unknown) => T | undefined,
): Knob<T> {
  onlyKnown(options, `knob.${kind}`, ["default", "describe", "secret", "min", "max", "of"]);
  const { default: given, describe = "", secret = false } = options;
  const value = given === undefined ? undefined : read(given);
  if (given !== undefined && value === undefined)
    throw new ConfigError(`knob.${kind}.default`, secret ? "(hidden)" : given, allowed);
  return {
    kind,
    default: value,
    describe,
    secret,
    allowed,
    read(text) {
      const found = read(text);
      return found === undefined ? { allowed } : { value: found };
    },
  };
}
