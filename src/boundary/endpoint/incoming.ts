import type { Deadlines } from "../../core/deadlines.js";
import type { Gate } from "../../core/front-door.js";
import type { SliRecorders } from "../../core/runtime.js";
import type { MaybePromise } from "../../core/store.js";

/**
 * A request as the guards read it. Adapters implement it over what their platform has, lazily: most requests are
 * answered without a web `Request`, `Headers`, `URL` or `AbortController`, each of which costs microseconds.
 */
export interface Incoming {
  /** In capitals. */
  readonly method: string;
  /** The path that endpoints are matched with: below where they are mounted, still percent-encoded. */
  readonly path: string;
  /** The path as the client wrote it. */
  readonly fullPath: string;
  /** What follows the `?`, without it. */
  readonly rawQuery: string;
  /** @param name in lower case */
  header(name: string): string | null;
  /** All headers, names in lower case. */
  headers(): Iterable<readonly [name: string, value: string]>;
  /** The address at the other end of the connection, where the platform knows it. */
  readonly remoteAddress: string | undefined;
  /** What other middleware made of the body before; `undefined` when nobody touched it. */
  readonly parsed: ParsedElsewhere | undefined;
  /**
   * Reads the whole body, once.
   *
   * @param maxBytes past this, reading stops
   * @param deadlines how long the body may take
   * @param now when that began, monotonic
   * @throws {KeelsonError} `payload_too_large`, `request_timeout`, `aborted`
   */
  readBody(maxBytes: number, deadlines: Deadlines, now: number): MaybePromise<Uint8Array>;
  /** Where the request was let in by the overload guard before it was routed. */
  readonly pass?: Pass | undefined;
  /** Set by endpoints that leave the body to their handler: so much of it `request` gives out at most. */
  maxStreamBytes: number | undefined;
  /** Whether the client has gone away. */
  readonly aborted: boolean;
  /** Aborts when the client goes away. Made when it is first asked for. */
  readonly signal: AbortSignal;
  /** The web request. Made when it is first asked for; its body can be read where the endpoint doesn't read it. */
  readonly request: Request;
}

/** A request that an overload guard has let in before it was routed. */
export interface Pass {
  readonly gate: Gate;
  /** Whether an endpoint has taken it over, and will leave the gate. */
  taken: boolean;
}

/** Where adapters keep the pass of a request: the same in every copy of the package. */
export const PASS = Symbol.for("keelson.pass.v1");

/** A body that other middleware has read. */
export interface ParsedElsewhere {
  /** What it made of the body. */
  readonly value: unknown;
  /** The bytes as they came, where it kept them. */
  readonly raw: Uint8Array | undefined;
}

/** An answer, before an adapter turns it into what its platform sends. */
export interface Outgoing {
  readonly status: number;
  /** Names in lower case. Only `set-cookie` is there more than once. */
  readonly headers: [name: string, value: string][];
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | null;
}

/** Where a request is handled: what its handler is given beside the request. */
export interface Place {
  /** The platform's own context of the call (Convex); elsewhere `undefined`. */
  readonly ctx: unknown;
  /** Binds a definition to this call. */
  readonly use: (definition: never) => unknown;
  /** Counts this call where no process lives long enough to count for itself. */
  readonly sli?: SliRecorders;
}

/** Everywhere but in Convex: definitions are bound from the start. */
export const HERE: Place = { ctx: undefined, use: (definition: unknown) => definition };
