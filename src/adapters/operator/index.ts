export type { AuditEntry, LeverArg, LeverEntry, LeverKind, LeverPull, OperatorLevers } from "./levers.js";
export {
  type OperatorHandler,
  type OperatorOptions,
  type OperatorPrincipal,
  operator,
} from "./operator.js";
