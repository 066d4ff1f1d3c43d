export { seeded } from "../core/seeded.js";
export type { MakeStore, StoreCapabilities, StoreUnderTest, StoreWish } from "./conformance/bench.js";
export { describeStore } from "./conformance/describe-store.js";
export { describeJobStore } from "./conformance/jobs/describe-job-store.js";
export type { JobStoreUnderTest, MakeJobStore } from "./conformance/jobs/job-bench.js";
export {
  type ContractOptions,
  type ContractTarget,
  type Credentials,
  contractTests,
  type TestFramework,
} from "./contract-tests.js";
export {
  type FaultyProcess,
  type FaultyProcessOptions,
  faultyProcess,
  type ProcessFault,
} from "./faulty-process/faulty-process.js";
export type { UpstreamCounts } from "./faulty-upstream/counts.js";
export type { Fault, FaultKind, FaultName, FaultScope } from "./faulty-upstream/fault.js";
export type { Injected } from "./faulty-upstream/faults.js";
export {
  type FaultyUpstream,
  type FaultyUpstreamOptions,
  faultyUpstream,
  type UpstreamHandler,
} from "./faulty-upstream/faulty-upstream.js";
export {
  type GmailMessage,
  type GoogleStandIn,
  type GoogleStandInOptions,
  googleStandIn,
} from "./faulty-upstream/google.js";
export { type OpenRouterStandInOptions, openRouterStandIn } from "./faulty-upstream/open-router.js";
export type {
  ChatCompletionRequest,
  ChatMessage,
  ChatReply,
  ChatTool,
  ChatToolCall,
} from "./faulty-upstream/open-router-wire.js";
export { type SentryEvent, type SentryStandIn, sentryStandIn } from "./faulty-upstream/sentry.js";
export { type SerperHit, type SerperStandInOptions, serperStandIn } from "./faulty-upstream/serper.js";
export {
  type WhatsAppCloudStandIn,
  type WhatsAppCloudStandInOptions,
  type WhatsAppSent,
  whatsAppCloudStandIn,
} from "./faulty-upstream/whatsapp-cloud.js";
export { ManualClock, settled } from "./manual-clock.js";
export {
  type FaultyProxy,
  type FaultyProxyOptions,
  faultyProxy,
  type ProxyCounts,
} from "./tcp-proxy/faulty-proxy.js";
export type { ProxyFault, ProxyWay } from "./tcp-proxy/proxy-fault.js";
export type { TimedFault } from "./timed-faults.js";
export {
  type PubSubClaims,
  type PubSubPushed,
  type PubSubStandIn,
  type PubSubStandInOptions,
  pubSubStandIn,
} from "./webhooks/pubsub-stand-in.js";
export type { SignedWebhook } from "./webhooks/signed-webhook.js";
export {
  signedByMeta,
  type WhatsAppProgress,
  type WhatsAppWebhookOptions,
  type WhatsAppWritten,
  whatsAppWebhook,
} from "./webhooks/whatsapp-webhook.js";
