/**
 * The face of Keelson: everything that runs anywhere. Adapters for a platform have entries of their own.
 */

export { classify } from "./boundary/classify.js";
export { type Anonymous, anonymous, type Unlimited, unlimited } from "./boundary/declare.js";
export type { TrustProxy } from "./boundary/endpoint/client.js";
export type { CorsOptions } from "./boundary/endpoint/cors.js";
export { Endpoint, endpoint } from "./boundary/endpoint/endpoint.js";
export { type FetchHandler, toFetch } from "./boundary/endpoint/fetch.js";
export { Reply, type ReplyBody, type ReplyHeaders, reply } from "./boundary/endpoint/reply.js";
export type {
  Auth,
  Authed,
  ClientInfo,
  EndpointDefinition,
  EndpointOptions,
  Entry,
  HandlerResult,
  Limit,
  Limits,
  Method,
  Served,
} from "./boundary/endpoint/types.js";
export {
  type Boundary,
  type BoundaryOptions,
  boundary,
  type FunctionCall,
  type FunctionEntry,
  type FunctionResult,
} from "./boundary/function-boundary.js";
export { type ParseJsonOptions, parseJson } from "./boundary/json.js";
export {
  type Knob,
  type KnobOptions,
  type KnobRange,
  type Knobs,
  type KnobValues,
  knob,
} from "./boundary/knobs/knob.js";
export { type KnobRow, KnobSet } from "./boundary/knobs/knob-set.js";
export { knobTable } from "./boundary/knobs/knob-table.js";
export { KnobError, type KnobProblem } from "./boundary/knobs/read-knobs.js";
export {
  type FunctionError,
  type Problem,
  type ProblemOptions,
  problemHeaders,
  toFunctionError,
  toProblem,
} from "./boundary/problem.js";
export { type SurfaceRow, surfaceMarkdown, surfaceMatrix } from "./boundary/surface/matrix.js";
export type { Surface, SurfaceAuth, SurfaceLimits } from "./boundary/surface/surface.js";
export { type HmacSignatureOptions, hmacSignature } from "./boundary/webhooks/hmac-signature.js";
export {
  metaSignature,
  metaVerification,
  type WhatsAppItem,
  type WhatsAppMessage,
  type WhatsAppStatus,
  whatsAppItems,
} from "./boundary/webhooks/meta.js";
export { type PubSubMessage, pubSubMessage } from "./boundary/webhooks/pubsub.js";
export { type StandardWebhooksOptions, standardWebhooks } from "./boundary/webhooks/standard-webhooks.js";
export type { Signed, Verified, WebhookVerifier } from "./boundary/webhooks/verifier.js";
export { type Bindable, type Capabilities, type Face, perCall, type Use } from "./core/binding.js";
export { type Alarm, type AlarmKind, type Clock, systemClock } from "./core/clock.js";
export { ConfigError } from "./core/config.js";
export type { Context, ContextCarrier, Priority } from "./core/context.js";
export type { Duration, Size } from "./core/duration.js";
export {
  type ErrorCategory,
  type ErrorCode,
  type ErrorDetails,
  type Issue,
  isKeelsonError,
  KeelsonError,
  taxonomy,
} from "./core/errors.js";
export {
  type AlertEvent,
  type AnyListener,
  type BreakerStateName,
  type EndedAttemptEvent,
  type EventMap,
  Events,
  type EventType,
  type LeverEvent,
  type Listener,
  type ListenOptions,
} from "./core/events.js";
export type { FrontDoor, Gate, LoopDelay, LoopDelaySource } from "./core/front-door.js";
export type {
  Cancelled,
  Claim,
  ClaimedJob,
  ClaimRequest,
  Enqueued,
  EnqueuedJob,
  Extended,
  Finish,
  Finished,
  JobEnd,
  JobEndNote,
  JobListener,
  JobRecord,
  JobRetention,
  JobSource,
  JobState,
  JobStore,
  NewJob,
  ToolStats,
} from "./core/jobs.js";
export type { Kernel, Step } from "./core/kernel.js";
export {
  type AuditEntry,
  LEVERS,
  type Lever,
  type LeverAct,
  type LeverArg,
  type LeverArgs,
  type LeverEntry,
  type LeverName,
  type LeverPull,
  type Levers,
  type Shedding,
} from "./core/levers.js";
export type { ProcessMeter, ProcessMeterSource, ProcessUsage } from "./core/process-usage.js";
export { type KnobSource, type Runtime, runtime, type SliRecorder, type Tunable } from "./core/runtime.js";
export {
  type Capability,
  type CellStep,
  type Cells,
  type MaybePromise,
  type Outcome,
  type Store,
  type StoreCall,
  StoreFailure,
  type StoreFailureCause,
  type StoreStats,
} from "./core/store.js";
export type { SpanRef } from "./core/trace-ids.js";
export { validate } from "./core/validation.js";
export type { Attachable } from "./kit/attachments.js";
export type * from "./kit/capabilities.js";
export { createKit } from "./kit/kit.js";
export type { BoundKit, CloseOptions, DoorRequest, Kit, KitOptions, Placed } from "./kit/types.js";
export { budgetLeft, budgetUsed, burnRate, type Counted, callsNeeded } from "./observe/budget.js";
export {
  type AlertSeverity,
  BURN_ALERTS,
  type BurnAlert,
  type LatencySlo,
  type Promised,
  type Slo,
} from "./observe/slo/slo.js";
export type { AlertSnapshot, BurnSnapshot, ObjectiveSnapshot } from "./observe/slo/snapshot.js";
export type {
  DeniedKey,
  LimiterReading,
  SliSnapshot,
  SliSnapshots,
  SliWindow,
  Snapshot,
  StoreSnapshot,
} from "./observe/snapshot.js";
export { Breaker } from "./primitives/breaker/breaker.js";
export type { BreakerOptions } from "./primitives/breaker/options.js";
export type { BreakerRecord } from "./primitives/breaker/record.js";
export type { BreakerSnapshot } from "./primitives/breaker/snapshot.js";
export { Bulkhead } from "./primitives/bulkhead/bulkhead.js";
export type { BulkheadOptions } from "./primitives/bulkhead/options.js";
export type { BulkheadSnapshot } from "./primitives/bulkhead/snapshot.js";
export { Cache, type CacheSnapshot, type ReadOptions } from "./primitives/cache/cache.js";
export { cacheKey } from "./primitives/cache/cache-key.js";
export type { LoadCall } from "./primitives/cache/flight.js";
export type { Loader } from "./primitives/cache/loads.js";
export type { CacheOptions } from "./primitives/cache/options.js";
export { Fallback, type FallbackCall } from "./primitives/fallback/fallback.js";
export type { FailedCall, FallbackCase, FallbackOptions } from "./primitives/fallback/plan.js";
export { Hedge } from "./primitives/hedge/hedge.js";
export type { HedgeOptions } from "./primitives/hedge/plan.js";
export { type FingerprintParts, fingerprint } from "./primitives/idempotency/fingerprint.js";
export {
  type Begun,
  Idempotency,
  type IdempotencySnapshot,
  type StoredRecord,
  type StoredResponse,
} from "./primitives/idempotency/idempotency.js";
export type { Permit } from "./primitives/idempotency/once-cells.js";
export type { IdempotencyOptions } from "./primitives/idempotency/options.js";
export type { Decision } from "./primitives/limiter/decision.js";
export { type CheckOptions, Limiter, type LimiterSnapshot } from "./primitives/limiter/limiter.js";
export type { FailurePolicy, LimitAlgorithm, LimiterOptions, LocalOptions } from "./primitives/limiter/options.js";
export { type LimiterTake, type MultiDecision, takeAll } from "./primitives/limiter/take-all.js";
export type { CallOutcome } from "./primitives/outcome.js";
export type { OverloadOptions } from "./primitives/overload/options.js";
export { OverloadGuard } from "./primitives/overload/overload-guard.js";
export type { OverloadSnapshot, ShedReason } from "./primitives/overload/snapshot.js";
export type { EnqueueOptions } from "./primitives/queue/enqueuing.js";
export { JobError, type JobFailure, QueueSaturatedError } from "./primitives/queue/errors.js";
export type { HeldJob } from "./primitives/queue/held-jobs.js";
export {
  type InlineJobOptions,
  type Job,
  type JobCall,
  type JobHandlers,
  type JobInput,
  type JobLimits,
  type JobMade,
  type JobResult,
  type JobRetry,
  type JobSet,
  type JobWire,
  job,
  type SchemaJobOptions,
} from "./primitives/queue/job.js";
export type { JobInfo } from "./primitives/queue/job-info.js";
export type { QueueOptions } from "./primitives/queue/options.js";
export {
  type HeldJobOf,
  type NewJobOf,
  type ProcessOptions,
  Queue,
  type RunOptions,
  type RunReport,
} from "./primitives/queue/queue.js";
export type { QueueSnapshot, ToolActivity, ToolSnapshot } from "./primitives/queue/snapshot.js";
export type { Spread } from "./primitives/queue/tool.js";
export type { WaitOptions } from "./primitives/queue/waiting.js";
export type { Worker } from "./primitives/queue/worker.js";
export type { ReplayGuardOptions } from "./primitives/replay/options.js";
export {
  type Claimed,
  type ItemOutcome,
  ReplayGuard,
  type ReplayGuardSnapshot,
  type ReplayPermit,
} from "./primitives/replay/replay-guard.js";
export type { Jitter } from "./primitives/retry/backoff.js";
export { RetryBudget, type RetryBudgetOptions } from "./primitives/retry/budget.js";
export { type RetryNote, retryNote } from "./primitives/retry/past-first.js";
export type { FailedAttempt, RetryOptions } from "./primitives/retry/plan.js";
export { type RetriedAttempt, Retry, type RetryCall } from "./primitives/retry/retry.js";
export type { Slot } from "./primitives/shared-bulkhead/lease.js";
export type { SharedBulkheadOptions } from "./primitives/shared-bulkhead/options.js";
export {
  SharedBulkhead,
  type SharedBulkheadSnapshot,
  type SharedSlotRequest,
} from "./primitives/shared-bulkhead/shared-bulkhead.js";
export { type TimedAttempt, Timeout, type TimeoutCall, type TimeoutOptions } from "./primitives/timeout/timeout.js";
export type {
  Attempt,
  Classification,
  HttpOptions,
  UpstreamBreakerOptions,
  UpstreamCall,
  UpstreamLimiter,
  UpstreamOptions,
} from "./primitives/upstream/options.js";
export type { UpstreamSnapshot } from "./primitives/upstream/snapshot.js";
export { UpstreamStatusError } from "./primitives/upstream/status-error.js";
export { Upstream } from "./primitives/upstream/upstream.js";
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from "./stores/memory/memory-store.js";
