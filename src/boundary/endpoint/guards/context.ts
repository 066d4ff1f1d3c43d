import type { Priority } from "../../../core/context.js";
import type { ActiveCall } from "../call.js";
import type { Guard } from "../stage.js";

/** Works out what the context says beside who is calling, as soon as that is known. */
export function contextGuard(
  tenant: ((call: never) => string) | undefined,
  priority: Priority | ((call: never) => Priority) | undefined,
): Guard {
  const tenantOf = tenant as ((call: ActiveCall) => string) | undefined;
  const priorityOf = priority as Priority | ((call: ActiveCall) => Priority) | undefined;
  return (call) => {
    call.tenant = tenantOf?.(call);
    call.priority = typeof priorityOf === "function" ? priorityOf(call) : priorityOf;
    call.changed();
    return undefined;
  };
}
