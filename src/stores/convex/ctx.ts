import type { GenericActionCtx, GenericDataModel, GenericQueryCtx } from "convex/server";
import type { ComponentApi } from "./component/_generated/component.js";

/** `components.keelson`, as an app's `_generated/api` has it. */
export type KeelsonComponent = ComponentApi;

/** What is needed of a query's ctx. */
export type QueryPlace = Pick<GenericQueryCtx<GenericDataModel>, "runQuery">;
/** What is needed of a mutation's ctx. */
export type MutationPlace = Pick<GenericActionCtx<GenericDataModel>, "runQuery" | "runMutation">;
/** What is needed of the ctx of an action or an HTTP action. */
export type ActionPlace = Pick<GenericActionCtx<GenericDataModel>, "runQuery" | "runMutation" | "runAction">;
