import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyEndpointOptions } from "../boundary/endpoint/any-options.js";
import { Endpoint } from "../boundary/endpoint/endpoint.js";
import type { Outgoing, Pass } from "../boundary/endpoint/incoming.js";
import type { LimiterUse } from "../boundary/endpoint/parts.js";
import { Router } from "../boundary/endpoint/router.js";
import { type BoundaryOptions, boundary, type FunctionCall } from "../boundary/function-boundary.js";
import type { Surface } from "../boundary/surface/surface.js";
import type { Runtime } from "../core/runtime.js";
import type { LimiterOptions } from "../primitives/limiter/options.js";
import type { KitParts } from "./parts.js";
import type { DoorRequest } from "./types.js";

/** How a limiter that an endpoint needs is defined. */
type NewLimiter = (name: string, options: LimiterOptions<never>) => LimiterUse;

/** All ways into a service: endpoints, functions, and what adapters add. */
export class WaysIn {
  readonly router = new Router();
  readonly #surfaces: { surface(): Surface }[] = [];
  readonly #rt: Runtime;
  readonly #limiter: NewLimiter;

  constructor(rt: Runtime, limiter: NewLimiter) {
    this.#rt = rt;
    this.#limiter = limiter;
  }

  endpoint(options: AnyEndpointOptions): Endpoint {
    const endpoint = new Endpoint(options, this.#rt, this.#limiter);
    this.router.add(endpoint);
    this.#surfaces.push(endpoint);
    return endpoint;
  }

  boundary(
    options: BoundaryOptions<StandardSchemaV1, unknown, unknown>,
    handler: (input: unknown, call: FunctionCall<unknown, unknown>) => unknown,
  ): unknown {
    const guarded = boundary(options as never, handler as never, this.#rt);
    this.#surfaces.push(guarded);
    return guarded;
  }

  /** Adds what an adapter brings. */
  readonly serve: KitParts["serve"] = ({ surface, ...way }) => {
    this.router.add(way);
    if (surface !== undefined) this.#surfaces.push({ surface });
  };

  door({ method, path, header, waitedMs }: DoorRequest): Pass | Outgoing | undefined {
    return this.router.find(method, path)?.atDoor(header, waitedMs);
  }

  surface(): readonly Surface[] {
    return this.#surfaces.map((one) => one.surface());
  }
}
