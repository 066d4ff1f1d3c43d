type Resolve = (value: never) => void;
type Reject = (reason: unknown) => void;

let lastResolve: Resolve;
let lastReject: Reject;

/** One executor for all promises made here: a closure less for each call. The engine runs it before `new` returns. */
const capture = (resolve: Resolve, reject: Reject): void => {
  lastResolve = resolve;
  lastReject = reject;
};

/**
 * What every guarded call has: the promise its caller holds, and a signal for its callee that costs nothing until
 * the callee reads it (an AbortController costs several times as much as all the rest of a call that succeeds).
 *
 * Its fields are plain, for one is made for each call; they are no part of the public interface.
 */
export class PendingCall<T> {
  declare readonly promise: Promise<T>;
  declare readonly resolve: (value: T | PromiseLike<T>) => void;
  declare readonly reject: Reject;
  declare controller: AbortController | undefined;
  /** Whether the callee was told to stop. */
  declare aborted: boolean;
  declare reason: unknown;

  constructor() {
    this.promise = new Promise<T>(capture);
    this.resolve = lastResolve as (value: T | PromiseLike<T>) => void;
    this.reject = lastReject;
    this.controller = undefined;
    this.aborted = false;
    this.reason = undefined;
  }

  /** Aborts when the call is given up: it ran out of time, its caller aborted, or another attempt won. Made when first read. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** Tells the callee to stop, now or when it first reads its signal. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.controller?.abort(reason);
  }
}

/** Whether a callee's result has to be waited for. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    value instanceof Promise ||
    (typeof value === "object" && value !== null && typeof (value as Partial<PromiseLike<T>>).then === "function")
  );
}

/** The same as a real promise: a foreign `then` may throw, call back twice, or both. */
export function promised<T>(value: PromiseLike<T>): Promise<T> {
  return value instanceof Promise ? value : Promise.resolve(value);
}
