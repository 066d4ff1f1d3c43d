import { SpanKind } from "@opentelemetry/api";
import { isKeelsonError } from "../../core/errors.js";
import type { EventMap } from "../../core/events.js";
import type { Told } from "./ended.js";

/** The ways in which a run of a job ends. */
export const RUN_ENDS = [
  "job.succeeded",
  "job.retried",
  "job.failed",
  "job.dead",
  "job.released",
  "job.lost",
  "job.cancelled",
] as const;

type RunEnd = (typeof RUN_ENDS)[number];

/** Ends that are somebody's fault. A run that was given back or cancelled is nobody's. */
const FAILURES: readonly RunEnd[] = ["job.retried", "job.failed", "job.dead", "job.lost"];

/**
 * A run as a consumer's span, by the semantic conventions of messaging
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). These are not stable yet; the names here are
 * of what has been settled in them for long: system, destination, operation and message id. Their numbers of partitions,
 * consumer groups and batches mean nothing here, and what they have no word for is `keelson.*`.
 */
export function runOf(type: RunEnd, event: EventMap[RunEnd]): Told {
  const { name, tool, id, attempt } = event;
  const error: unknown = "error" in event ? event.error : undefined;
  const failed = FAILURES.includes(type);
  return {
    name: `process ${name}`,
    kind: SpanKind.CONSUMER,
    attributes: {
      "messaging.system": "keelson",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": name,
      "messaging.message.id": id,
      "keelson.tool": tool,
      "keelson.attempt": attempt,
      "keelson.outcome": type.slice("job.".length),
      ...(failed && { "error.type": errorType(error) }),
    },
    failed,
    error: error instanceof Error ? error : undefined,
  };
}

/** What it is by its code, else by its class: few words either way. A lost lease has no error. */
function errorType(error: unknown): string {
  if (isKeelsonError(error)) return error.code;
  if (error instanceof Error) return error.name;
  return error === undefined ? "lost" : "_OTHER";
}
