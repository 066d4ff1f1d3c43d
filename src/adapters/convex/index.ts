/** The entry point `keelson/convex`. */
export { ConvexStore, type ConvexStoreOptions, convexStore } from "../../stores/convex/convex-store.js";
export type { ActionPlace, KeelsonComponent, MutationPlace, QueryPlace } from "../../stores/convex/ctx.js";
