import type { Priority } from "../../../core/context.js";
import type { ActiveCall } from "../call.js";
import type { Guard } from "../plan.js";

/** Works out what the context says beside who is calling, as soon as that is known. */
export function contextGuard(
  tenant: ((call: ActiveCall) => string) | undefined,
  priority: Priority | ((call: ActiveCall) => Priority) | undefined,
): Guard {
  return (call) => {
    call.tenant = tenant?.(call);
    call.priority = typeof priority === "function" ? priority(call) : priority;
    call.changed();
    return undefined;
  };
}
