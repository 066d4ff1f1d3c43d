export type { OperatorAuth, OperatorPrincipal } from "./auth.js";
export type { AuditEntry, LeverArg, LeverEntry, LeverKind, LeverPull, OperatorLevers } from "./levers.js";
export { type OperatorHandler, operator } from "./operator.js";
export type { OperatorOptions } from "./options.js";
