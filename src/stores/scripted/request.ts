import { type StoreCall, StoreFailure } from "../../core/store.js";
import type { AnyTwin } from "./twins/twin.js";
import { Wait } from "./wait.js";

/** One cell to be stepped. */
export interface Part {
  /** The key on the server. */
  readonly name: string;
  readonly twin: AnyTwin;
  readonly config: never;
  readonly input: never;
}

/** Cells that somebody wants stepped: one by itself, or several all or nothing. */
export abstract class Request<T extends object> extends Wait<T> {
  abstract readonly parts: readonly Part[];

  /** Takes its values from what the script answered. Returns where the next request's begin. */
  abstract read(values: readonly unknown[], at: number, now: number): number;
}

/** What −1 and −2 in place of a decision mean. */
function failureIn(value: unknown): StoreFailure | undefined {
  if (value === -1) return new StoreFailure("version", "no");
  if (value === -2) return new StoreFailure("unavailable", "no", new TypeError("the state in the store can't be read"));
  return undefined;
}

function decode<D>(part: Part, values: readonly unknown[], at: number, now: number): D | StoreFailure {
  const failure = failureIn(values[at]);
  if (failure !== undefined) return failure;
  try {
    return part.twin.decode(values, at, part.config, now) as D;
  } catch (error) {
    return new StoreFailure("unavailable", "unknown", error);
  }
}

/** One cell. */
export class OneStep<D extends object> extends Request<D> {
  readonly parts: readonly [Part];

  constructor(part: Part, call: StoreCall | undefined) {
    super(call);
    this.parts = [part];
  }

  read(values: readonly unknown[], at: number, now: number): number {
    const [part] = this.parts;
    this.settle(decode<D>(part, values, at, now));
    return at + part.twin.replies;
  }
}

/** Several cells, all or nothing. */
export class Steps<D extends object> extends Request<readonly D[]> {
  constructor(
    readonly parts: readonly Part[],
    call: StoreCall | undefined,
  ) {
    super(call);
  }

  read(values: readonly unknown[], from: number, now: number): number {
    let at = from;
    let failure: StoreFailure | undefined;
    const decisions: D[] = [];
    for (const part of this.parts) {
      const outcome = decode<D>(part, values, at, now);
      if (outcome instanceof StoreFailure) failure ??= outcome;
      else decisions.push(outcome);
      at += part.twin.replies;
    }
    this.settle(failure ?? decisions);
    return at;
  }
}
