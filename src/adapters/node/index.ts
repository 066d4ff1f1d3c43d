export type { Context } from "../../core/context.js";
export {
  type ClosableServer,
  type CloseOnSignalsOptions,
  closeOnSignals,
  type Drainable,
  type Shutdown,
  type SignalSource,
} from "./close.js";
export { contextCarrier, currentContext, withContext } from "./context.js";
export { type Doorkeeper, frontDoor } from "./front-door.js";
export { type EventLoopDelayOptions, eventLoopDelay } from "./loop-delay.js";
export { type ProcessUsageOptions, processUsage } from "./process-usage.js";
