import type { LimiterUse } from "../boundary/endpoint/parts.js";
import type { Routable } from "../boundary/endpoint/router.js";
import type { Surface } from "../boundary/surface/surface.js";
import type { Runtime } from "../core/runtime.js";
import type { LimiterOptions } from "../primitives/limiter/options.js";

/** Where adapters of the house find what a kit is made of. One for all copies of the package in a process. */
export const PARTS: unique symbol = Symbol.for("keelson.kit.parts");

/** What an adapter that adds ways in of its own needs of a kit, beside what everyone may use. */
export interface KitParts {
  readonly rt: Runtime;
  /** Defines a limiter of the kit's. */
  limiter(name: string, options: LimiterOptions): LimiterUse;
  /**
   * Adds a way into the service to what `kit.fetch` serves, and to the surface matrix where it says what it is.
   *
   * @throws {ConfigError} when there is one with its method and path
   */
  serve(way: Routable & { surface?(): Surface }): void;
  /** Called when the kit begins to close, before it waits for what is under way. */
  onClosing(listener: () => void): void;
}

/** A kit as such an adapter sees it; `undefined` for what is none. */
export function partsOf(kit: unknown): KitParts | undefined {
  return typeof kit === "object" && kit !== null ? (kit as { readonly [PARTS]?: KitParts })[PARTS] : undefined;
}
