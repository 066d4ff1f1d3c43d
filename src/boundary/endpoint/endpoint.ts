import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type KeelsonError, KeelsonError as Refusal } from "../../core/errors.js";
import type { Gate } from "../../core/front-door.js";
import { type Runtime, runtime, type SliRecorder } from "../../core/runtime.js";
import type { MaybePromise } from "../../core/store.js";
import { newTraceId } from "../../core/trace-ids.js";
import type { Work } from "../../core/work.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import { classify } from "../classify.js";
import type { Surface } from "../surface/surface.js";
import { decorated, problemOf } from "./answer.js";
import type { AnyEndpointOptions } from "./any-options.js";
import { ActiveCall } from "./call.js";
import { type Compiled, compile } from "./compile.js";
import type { HeaderPairs } from "./cors.js";
import { type FetchHandler, toFetch } from "./fetch.js";
import { forbiddenOrigin } from "./guards/origin.js";
import { HERE, type Incoming, type Outgoing, type Pass, type Place } from "./incoming.js";
import type { DefineLimiter } from "./parts.js";
import { Settled } from "./settled.js";
import { corsOfShed, shedAnswer } from "./shed.js";
import { watchedStream } from "./streams.js";
import { callerOf } from "./trace.js";
import type {
  ClientInfo,
  EndpointCapabilities,
  EndpointDefinition,
  EndpointOptions,
  Method,
  PathParams,
  RawHeaders,
  RawQuery,
  Servable,
  Unchecked,
} from "./types.js";

const NO_VALUES: readonly string[] = [];

/**
 * One way into a service over HTTP, with everything that protects it, declared once. A request passes the guards in
 * this order, and the first that refuses it answers: overload, origin, query length, content type, Content-Length, limits by
 * client, auth, limits by principal, body (bounded, within a deadline), signature, decoding, schemas, idempotency.
 * Nothing reads the body before its guard.
 */
export class Endpoint implements EndpointDefinition, Servable {
  declare readonly "~capabilities"?: EndpointCapabilities;
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly #compiled: Compiled;
  readonly #rt: Runtime;
  #fetch: FetchHandler | undefined;
  readonly #sli: SliRecorder | undefined;
  /** Its way past the overload guard. */
  readonly #gate: Gate | undefined;

  /**
   * @param define defines the limiter of failed auth where none is given: a kit's shows it in its snapshot
   * @throws {ConfigError} when an option is not what it may be; no auth and no limits are not an option
   */
  constructor(
    options: AnyEndpointOptions,
    rt: Runtime = runtime(),
    define: DefineLimiter = (name, limiter) => new Limiter(name, limiter, rt),
  ) {
    this.#compiled = compile(options, rt, define);
    this.#rt = rt;
    this.name = options.name;
    this.method = options.method;
    this.path = options.path;
    this.#sli = rt.sli?.("endpoint", options.name);
    if (options.sheddable !== false) {
      // What a function says is known after auth: too late to save anything.
      const priority = typeof options.priority === "string" ? options.priority : "normal";
      this.#gate = rt.overload?.gate(options.name, priority);
    }
  }

  /** What protects it, as plain data: for the surface matrix, contract tests and probes. */
  surface(): Surface {
    return this.#compiled.surface;
  }

  /** The names of its guards, in the order a request passes them. */
  get guards(): readonly string[] {
    return this.#compiled.names;
  }

  /**
   * Answers a request that was matched to it. Never throws nor rejects: whatever goes wrong becomes a problem.
   *
   * @param values the path's parameters as they stand in the URL, in their order
   */
  handle(incoming: Incoming, values: readonly string[] = NO_VALUES, place: Place = HERE): MaybePromise<Outgoing> {
    const now = this.#rt.clock.monotonic();
    const call = new ActiveCall(this.#compiled.plan, incoming, values, place, now);
    const { work } = this.#rt;
    if (work?.closing === true) {
      call.stage = -1;
      return this.#refused(call, new Refusal("unavailable", "Closing"));
    }
    const { pass } = incoming;
    if (pass !== undefined && !pass.taken) {
      pass.taken = true;
      call.gate = pass.gate;
    } else if (this.#gate !== undefined) {
      const retryAfterMs = this.#gate.enter(now);
      if (retryAfterMs !== undefined) return this.#shed((name) => incoming.header(name), retryAfterMs, place);
      call.gate = this.#gate;
    }
    if (work === undefined) return this.#handle(call);
    work.begin();
    const answer = this.#handle(call);
    return answer instanceof Promise ? answer.then((settled) => followed(settled, work)) : followed(answer, work);
  }

  /**
   * Asks the overload guard for a request before it is routed: what answers requests hands the pass on as the
   * request's `pass`, and leaves its gate when no endpoint has taken it.
   *
   * @param header reads a header of the request by its name in lower case
   * @param waitedMs how long it has waited to be asked for
   * @returns the answer that refuses it; `undefined`: it needs none
   */
  atDoor(header: (name: string) => string | null, waitedMs: number): Pass | Outgoing | undefined {
    if (this.#gate === undefined || this.#rt.work?.closing === true) return undefined;
    const retryAfterMs = this.#gate.enter(this.#rt.clock.monotonic(), waitedMs);
    return retryAfterMs === undefined ? { gate: this.#gate, taken: false } : this.#shed(header, retryAfterMs, HERE);
  }

  /** Refuses for overload, at as little cost as can be: that is when there is no time to lose. */
  #shed(header: (name: string) => string | null, retryAfterMs: number, place: Place): Outgoing {
    const wanted = this.#rt.events.wants("endpoint.settled");
    const caller = callerOf(header("traceparent"));
    const traceId = caller?.traceId ?? (wanted ? newTraceId(this.#rt.random) : undefined);
    const sli = this.#sli ?? place.sli?.("endpoint", this.name);
    sli?.record(true, 0);
    if (wanted)
      this.#rt.events.emit("endpoint.settled", {
        name: this.name,
        context: traceId === undefined ? {} : { traceId },
        traceId,
        caller,
        status: 503,
        code: "unavailable",
        guard: "overload",
        durationMs: 0,
      });
    return shedAnswer(retryAfterMs, traceId, corsOfShed(this.#compiled.cors, header));
  }

  #handle(call: ActiveCall): MaybePromise<Outgoing> {
    try {
      const answer = this.#pass(call, 0);
      return answer instanceof Promise
        ? answer.then(
            (settled) => this.#answered(call, settled),
            (thrown: unknown) => this.#refused(call, thrown),
          )
        : this.#answered(call, answer);
    } catch (thrown) {
      return this.#refused(call, thrown);
    }
  }

  /** Answers a web request; what is not for this endpoint gets a 404 or 405. Never rejects. */
  fetch(request: Request, info?: ClientInfo): Promise<Response> {
    this.#fetch ??= toFetch([this]);
    return this.#fetch(request, info);
  }

  /** What a preflight from this origin is answered; `undefined` where browsers of other origins have no business. */
  preflight(origin: string, methods: string): HeaderPairs | undefined {
    const { cors } = this.#compiled;
    const headers = cors?.preflight(origin, methods);
    if (cors !== undefined && headers === undefined) throw forbiddenOrigin();
    return headers;
  }

  #pass(call: ActiveCall, from: number): MaybePromise<Outgoing> {
    const { guards, serve } = this.#compiled;
    for (let at = from; at < guards.length; at++) {
      call.stage = at;
      const pending = (guards[at] as (typeof guards)[number])(call);
      if (pending !== undefined) return pending.then(() => this.#pass(call, at + 1));
    }
    call.stage = guards.length;
    return serve(call);
  }

  #answered(call: ActiveCall, answer: Outgoing): Outgoing {
    this.#settle(call, answer.status, undefined);
    return decorated(call, answer);
  }

  #refused(call: ActiveCall, thrown: unknown): Outgoing {
    let error = classify(thrown);
    // Something of the handler's aborted that was not the client: that is waiting for an answer.
    if (error.code === "aborted" && !call.incoming.aborted && call.stage >= this.#compiled.guards.length)
      error = new Refusal("internal", error.message, { cause: thrown });
    const { challenge } = this.#compiled.plan;
    const answer = problemOf(error, { traceId: call.traceId, challenge });
    this.#settle(call, answer.status, error);
    return decorated(call, answer);
  }

  /** Counts and tells how it ended. A refusal for the client's own fault is neither good nor bad. */
  #settle(call: ActiveCall, answered: number, error: KeelsonError | undefined): void {
    const status = call.incoming.aborted ? 499 : answered;
    call.finish();
    const wanted = this.#rt.events.wants("endpoint.settled");
    const sli = this.#sli ?? call.place.sli?.("endpoint", this.name);
    const { gate } = call;
    if (sli !== undefined || wanted || gate !== undefined) {
      const now = this.#rt.clock.monotonic();
      const durationMs = now - call.startedAt;
      gate?.leave(now, this.#worked(call, status) ? durationMs : undefined);
      sli?.record(status >= 500 ? true : status < 400 ? false : undefined, durationMs);
      if (wanted) this.#tell(call, status, durationMs, error);
    }
    // With nobody listening, what is nobody's fault but the code's would never be seen.
    if (error?.code === "internal" && !this.#rt.events.reports("endpoint.settled"))
      console.error(`endpoint("${this.name}"):`, error.cause ?? error);
  }

  /** Whether the time it took says how busy the service is: the handler did its work, or had no time to. */
  #worked(call: ActiveCall, status: number): boolean {
    return call.stage >= this.#compiled.guards.length && (call.timedOut || (status < 500 && status !== 499));
  }

  #stageName(stage: number): string {
    return stage < 0 ? "closing" : (this.guards[stage] ?? "handler");
  }

  #tell(call: ActiveCall, status: number, durationMs: number, error: KeelsonError | undefined): void {
    const guard = error === undefined ? undefined : this.#stageName(call.stage);
    this.#rt.events.emit("endpoint.settled", new Settled(this.name, call, status, guard, durationMs, error));
  }
}

/** Ends the work with the answer, and with a stream only when that ends. */
function followed(answer: Outgoing, work: Work): Outgoing {
  if (answer.body instanceof ReadableStream) return { ...answer, body: watchedStream(answer.body, () => work.end()) };
  work.end();
  return answer;
}

/**
 * Makes an {@link Endpoint}; types of the handler's call follow the options.
 *
 * @throws {ConfigError} when an option is not what it may be
 */
export function endpoint<
  const Path extends string,
  Body extends StandardSchemaV1 = Unchecked<undefined>,
  Params extends StandardSchemaV1 = Unchecked<PathParams<Path>>,
  Query extends StandardSchemaV1 = Unchecked<RawQuery>,
  Headers extends StandardSchemaV1 = Unchecked<RawHeaders>,
  P = null,
  Ctx = undefined,
>(options: EndpointOptions<Path, Body, Params, Query, Headers, P, Ctx>, rt?: Runtime): Endpoint {
  return new Endpoint(options as unknown as AnyEndpointOptions, rt);
}
