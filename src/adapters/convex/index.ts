/** The entry point `keelson/convex`. */
export { ConvexStore, type ConvexStoreOptions, convexStore } from "../../stores/convex/convex-store.js";
export type { ActionPlace, KeelsonComponent, MutationPlace, QueryPlace } from "../../stores/convex/ctx.js";
export { isConflict } from "../../stores/convex/failure.js";
export {
  type GuardedCall,
  type GuardedLimit,
  type GuardedOptions,
  type Guards,
  type GuardsOptions,
  guardedSurface,
  guards,
} from "./guards.js";
export { type RouteOptions, route } from "./route.js";
