/** What a script is given as an argument. */
export type Arg = string | number;

/**
 * A kernel's twin in Lua, and what passes between it and the kernel's types. Both decide alike to the last bit: the
 * differential tests hold them to it.
 */
export interface Twin<Config, Input, Decision extends object> {
  /** The kernel's. */
  readonly name: string;
  /** The kernel's. */
  readonly version: number;
  /** The kernel's: its state is always so many numbers. */
  readonly width?: number;
  /**
   * What several twins share, defined once in a script; by name, each a Lua chunk without a return.
   */
  readonly needs?: Readonly<Record<string, string>>;
  /**
   * A Lua function's body that returns two functions:
   *
   * `read(at)` makes a request of the arguments from `ARGV[at]` on. Numbers are to be made of them here.
   *
   * `step(state, now, request, out, n)` decides. `state` is a table whose first value is the version, or nil. It sets
   * `out[n + 1]` to `out[n + replies]`, whole numbers or text, the first of them never negative, and returns: granted,
   * the new state (nil: as it was; false: none), and how many milliseconds that matters. The new state is
   * another table than the old one; its first value is the version's, which the store sets.
   */
  readonly lua: string;
  /**
   * A Lua function's body over `older`, the state that version − 1 wrote, and `raw`, its bytes; returns a state of this
   * version or nil. Where the width differs `older` has the version alone: read `raw`, doubles with the highest byte
   * first.
   */
  readonly upgrade?: string;
  /**
   * The decision, where it follows from the state alone and changes nothing: then it takes no script. `state` begins with
   * the version; `ttlMs` is how much longer it is kept.
   */
  readonly glance?: (state: readonly unknown[], ttlMs: number, config: Config, input: Input) => Decision | undefined;
  /** How many values a decision comes in. */
  readonly replies: number;
  /** What `read` finds. */
  encode(config: Config, input: Input): readonly Arg[];
  /** Makes a decision of the values from `values[at]` on. `now` is the store's time. */
  decode(values: readonly unknown[], at: number, config: Config, now: number): Decision;
}

/** A twin whose types don't matter. */
export type AnyTwin = Twin<never, never, object>;
