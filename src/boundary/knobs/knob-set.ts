import { type Alarm, type Clock, systemClock } from "../../core/clock.js";
import { ConfigError } from "../../core/config.js";
import { Events } from "../../core/events.js";
import type { KnobSource } from "../../core/runtime.js";
import type { Knob, Knobs, KnobValues } from "./knob.js";
import { type Environment, type KnobOrigin, type KnobsRead, readKnobs, SECRET } from "./read-knobs.js";

/** One knob as it is now. */
export interface KnobRow {
  readonly name: string;
  readonly kind: string;
  /** The value in effect; `"[secret]"` for secrets. */
  readonly value: unknown;
  /** `null` where there is none. */
  readonly default: unknown;
  readonly source: KnobOrigin;
  readonly allowed: string;
  readonly describe: string;
  /** When an override ends, in Unix milliseconds; `null` where it does not, or there is none. */
  readonly expiresAt: number | null;
}

/** What a {@link KnobSet} needs of its surroundings. */
export interface KnobSetOptions {
  /** Default: the process's own, where there is one. */
  readonly env?: Environment;
  readonly clock?: Clock;
  readonly events?: Events;
}

interface Override {
  readonly value: unknown;
  readonly expiresAt: number | undefined;
  alarm: Alarm | undefined;
}

/**
 * Declared knobs with their values, which may be changed while the service runs. Whatever was configured with a
 * function of the knobs follows at its next use.
 */
export class KnobSet<const K extends Knobs = Knobs> implements KnobSource {
  readonly #declared: K;
  readonly #read: KnobsRead<K>;
  readonly #clock: Clock;
  readonly #events: Events;
  readonly #overrides = new Map<string, Override>();
  #values: KnobValues<K>;
  #revision = 0;

  /** @throws {KnobError} with every variable that is missing or bad */
  constructor(declared: K, options: KnobSetOptions = {}) {
    this.#declared = declared;
    this.#clock = options.clock ?? systemClock;
    this.#events = options.events ?? new Events();
    this.#read = readKnobs(declared, options.env);
    this.#values = this.#read.values;
  }

  /** The values in effect. A change makes a new object. */
  get values(): KnobValues<K> {
    return this.#values;
  }

  /** Raised with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Variables that are set, are no knob, and look like one. */
  get misspelt(): KnobsRead<K>["misspelt"] {
    return this.#read.misspelt;
  }

  /**
   * Changes a knob for as long as the process runs, or until `expiresAt` (Unix milliseconds); emits `knob.changed`.
   *
   * @param value of the knob's type, or text as the environment would have it
   * @throws {ConfigError} when there is no such knob or it doesn't allow the value
   */
  set<N extends keyof K & string>(
    name: N,
    value: KnobValues<K>[N] | string,
    options: { readonly expiresAt?: number } = {},
  ): void {
    const read = this.check(name, value);
    const { expiresAt } = options;
    if (expiresAt !== undefined && !(expiresAt > this.#clock.wall()))
      throw new ConfigError(`knob ${name}.expiresAt`, expiresAt, "a time in the future, in Unix milliseconds");
    this.#overrides.get(name)?.alarm?.cancel();
    const override: Override = { value: read, expiresAt, alarm: undefined };
    this.#overrides.set(name, override);
    this.#arm(name, override);
    this.#change(name, read);
  }

  /**
   * What a knob would make of a value; changes nothing.
   *
   * @throws {ConfigError} as {@link set}
   */
  check<N extends keyof K & string>(name: N, value: KnobValues<K>[N] | string): KnobValues<K>[N] {
    const declared = this.#knob(name);
    const reading = declared.read(value);
    if ("allowed" in reading) throw new ConfigError(`knob ${name}`, declared.secret ? SECRET : value, reading.allowed);
    return reading.value as KnobValues<K>[N];
  }

  /** Takes an override back: the environment's value counts again, or the default. */
  clear(name: keyof K & string): void {
    this.#knob(name);
    this.#overrides.get(name)?.alarm?.cancel();
    if (this.#overrides.delete(name)) this.#change(name, this.#read.values[name]);
  }

  /** All knobs with their values in effect and where these come from; secrets hidden. */
  table(): KnobRow[] {
    return Object.entries(this.#declared).map(([name, { kind, secret, allowed, describe, ...declared }]) => {
      const override = this.#overrides.get(name);
      return {
        name,
        kind,
        value: secret ? SECRET : this.#values[name],
        default: declared.default === undefined ? null : secret ? SECRET : declared.default,
        source: override === undefined ? this.#read.sources[name as keyof K] : "override",
        allowed,
        describe,
        expiresAt: override?.expiresAt ?? null,
      };
    });
  }

  /** The values in effect as plain scalars, what is none as JSON; secrets hidden. */
  snapshot(): Record<string, string | number | boolean | null> {
    return Object.fromEntries(
      this.table().map(({ name, value }) => [
        name,
        typeof value === "string" || typeof value === "number" || typeof value === "boolean"
          ? value
          : (JSON.stringify(value) ?? null),
      ]),
    );
  }

  /** Tells of a value that a knob allows and an option doesn't; where nobody listens, on the console. */
  refused(error: unknown): void {
    const name = error instanceof ConfigError ? error.option : "knobs";
    if (this.#events.wants("knob.refused")) this.#events.emit("knob.refused", { name, error });
    else console.error("A knob's new value can't be used; the option stays as it was:", error);
  }

  /** Stops waiting for overrides to end. */
  close(): void {
    for (const { alarm } of this.#overrides.values()) alarm?.cancel();
  }

  #knob(name: string): Knob<unknown> {
    const declared = Object.hasOwn(this.#declared, name) ? this.#declared[name] : undefined;
    if (declared === undefined) throw new ConfigError("knob", name, Object.keys(this.#declared).join(" | "));
    return declared;
  }

  #arm(name: keyof K & string, override: Override): void {
    const { expiresAt } = override;
    if (expiresAt === undefined) return;
    // The wall clock may have been put back meanwhile: then there is more to wait.
    const ring = (): void => (this.#clock.wall() < expiresAt ? this.#arm(name, override) : this.clear(name));
    override.alarm = this.#clock.alarm(expiresAt - this.#clock.wall(), ring, "background");
  }

  #change(name: keyof K & string, to: unknown): void {
    const from = this.#values[name];
    if (Object.is(from, to)) return;
    this.#values = Object.freeze({ ...this.#values, [name]: to } as KnobValues<K>);
    this.#revision++;
    const secret = this.#declared[name]?.secret;
    this.#events.emit("knob.changed", secret ? { name, from: SECRET, to: SECRET } : { name, from, to });
  }
}
