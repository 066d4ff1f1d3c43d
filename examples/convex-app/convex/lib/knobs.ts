import { knob } from "keelson";
import { z } from "zod";

const url = z.url({ protocol: /^https?$/ });
const secret = (describe: string) => knob.text({ default: "", secret: true, describe });

/**
 * Everything that the deployment's environment can set. Secrets may be missing, for a deployment is pushed before they
 * are set: what needs one refuses until it is there (see `needed`).
 */
export const knobs = {
  RATE_LIMIT_CHAT_MAX: knob.int({ default: 20, min: 1, describe: "chat turns of one user" }),
  RATE_LIMIT_CHAT_WINDOW_MS: knob.duration({ default: "1m", min: "1s", describe: "… in this time" }),
  RATE_LIMIT_CLIENT_MAX: knob.int({ default: 300, min: 1, describe: "requests a minute from one address" }),
  RATE_LIMIT_AUTH_FAILURES_MAX: knob.int({
    default: 30,
    min: 1,
    describe: "failed sign-ins a minute from one address",
  }),
  RATE_LIMIT_WEBHOOK_MAX: knob.int({ default: 600, min: 1, describe: "webhook requests a minute from one address" }),
  RATE_LIMIT_WRITES_MAX: knob.int({ default: 120, min: 1, describe: "changes a minute by one user" }),
  RATE_LIMIT_SYNC_MAX: knob.int({ default: 6, min: 1, describe: "mailbox syncs an hour that a user asks for" }),
  RATE_LIMIT_WA_LINK_CODE_MAX: knob.int({ default: 5, min: 1, describe: "WhatsApp link codes of one user" }),
  RATE_LIMIT_WA_LINK_CODE_WINDOW_MS: knob.duration({ default: "10m", min: "1s", describe: "… in this time" }),
  RATE_LIMIT_HOT_SHARDS: knob.int({
    default: 1,
    min: 1,
    max: 64,
    describe: "documents that each webhook limit is spread over",
  }),

  TOOL_CACHE_WEB_SEARCH_TTL_MS: knob.duration({ default: "5m", min: "100ms", describe: "how long pages are fresh" }),
  TOOL_CACHE_PRODUCT_SEARCH_TTL_MS: knob.duration({
    default: "10m",
    min: "100ms",
    describe: "how long products are fresh",
  }),
  TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION: knob.text({ default: "v1", describe: "another value forgets all pages" }),
  TOOL_CACHE_PRODUCTS_NS_VER: knob.text({ default: "v1", describe: "another value forgets all products" }),

  TOOL_JOB_MAX_PER_RUN: knob.int({ default: 25, min: 1, describe: "jobs that one run of the worker does" }),
  TOOL_JOB_LEASE_MS: knob.duration({
    default: "30s",
    min: "1s",
    describe: "a worker silent for so long loses its job",
  }),
  TOOL_JOB_WAIT_MS: knob.duration({ default: "15s", min: "100ms", describe: "how long a chat turn waits for a tool" }),
  TOOL_JOB_POLL_MS: knob.duration({
    default: "250ms",
    min: "25ms",
    describe: "how often it looks meanwhile, at least",
  }),
  TOOL_JOB_MAX_ATTEMPTS: knob.int({ default: 3, min: 1, describe: "how often a job is tried" }),
  TOOL_JOB_RETRY_BASE_MS: knob.duration({
    default: "500ms",
    min: "1ms",
    describe: "the wait before the second attempt",
  }),
  TOOL_JOB_TTL_MS: knob.duration({ default: "2m", min: "1s", describe: "a job that didn't run by then is dropped" }),
  TOOL_JOB_CLAIM_SCAN: knob.int({ default: 100, min: 1, describe: "late or lost jobs that one claim looks after" }),
  TOOL_JOB_RUNMAX_WEB: knob.int({ default: 8, min: 1, describe: "web searches at a time" }),
  TOOL_JOB_RUNMAX_PROD: knob.int({ default: 8, min: 1, describe: "product searches at a time" }),
  TOOL_JOB_RUNMAX_GLOB: knob.int({ default: 4, min: 1, describe: "searches of both at a time" }),
  TOOL_JOB_QMAX_WEB: knob.int({ default: 100, min: 1, describe: "web searches that may wait" }),
  TOOL_JOB_QMAX_PROD: knob.int({ default: 100, min: 1, describe: "product searches that may wait" }),
  TOOL_JOB_QMAX_GLOB: knob.int({ default: 50, min: 1, describe: "searches of both that may wait" }),
  BULKHEAD_TOOL_JOB_MAX: knob.int({ default: 4, min: 1, describe: "workers at a time" }),
  BULKHEAD_TOOL_JOB_LEASE_MS: knob.duration({
    default: "15s",
    min: "1s",
    describe: "a dead worker's slot is free then",
  }),

  OPENROUTER_URL: knob.schema(url, { default: "https://openrouter.ai", describe: "where the model is" }),
  OPENROUTER_API_KEY: secret("key of the model"),
  OPENROUTER_MODEL: knob.text({ default: "openai/gpt-4o-mini", min: 1, describe: "which model" }),
  OPENROUTER_TIMEOUT_MS: knob.duration({ default: "30s", min: "100ms", describe: "until the model begins to answer" }),
  OPENROUTER_SILENCE_MS: knob.duration({
    default: "15s",
    min: "50ms",
    describe: "a model that says nothing for so long has hung up",
  }),
  OPENROUTER_ATTEMPT_TIMEOUT_MS: knob.duration({ default: "12s", min: "50ms", describe: "one attempt" }),
  BULKHEAD_OPENROUTER_MAX: knob.int({ default: 32, min: 1, describe: "calls of the model at a time" }),
  SERPER_URL: knob.schema(url, { default: "https://google.serper.dev", describe: "where the search is" }),
  SERPER_API_KEY: secret("key of the search"),
  SERPER_TIMEOUT_MS: knob.duration({ default: "6s", min: "100ms", describe: "one search, retries included" }),
  SERPER_ATTEMPT_TIMEOUT_MS: knob.duration({ default: "2500ms", min: "50ms", describe: "one attempt" }),
  BULKHEAD_SERPER_MAX: knob.int({ default: 16, min: 1, describe: "searches at a time" }),
  BULKHEAD_WAIT_MS: knob.duration({ default: "2s", min: "10ms", describe: "how long a call waits for its turn" }),
  BREAKER_MINIMUM_CALLS: knob.int({ default: 10, min: 1, describe: "calls in 30 s before a breaker judges" }),
  BREAKER_OPEN_MS: knob.duration({ default: "5s", min: "50ms", describe: "how long a breaker first stays open" }),

  HTTP_BODY_TIMEOUT_MS: knob.duration({
    default: "10s",
    min: "50ms",
    describe: "until the body of a request is there",
  }),
  CHAT_ORIGINS: knob.list({ default: ["https://shop.example"], describe: "browser origins that may chat" }),
  OPERATOR_SUBJECTS: knob.list({ default: [], describe: "users who may see the reliability snapshot" }),

  GOOGLE_OAUTH_URL: knob.schema(url, { default: "https://oauth2.googleapis.com", describe: "where tokens come from" }),
  GOOGLE_AUTH_URL: knob.schema(url, { default: "https://accounts.google.com", describe: "where users consent" }),
  GOOGLE_CLIENT_ID: knob.text({ default: "", describe: "the OAuth client" }),
  GOOGLE_CLIENT_SECRET: secret("the OAuth client's secret"),
  GMAIL_URL: knob.schema(url, { default: "https://gmail.googleapis.com", describe: "where mailboxes are read" }),
  GMAIL_REDIRECT_URL: knob.text({ default: "", describe: "this deployment's /api/gmail/auth/callback" }),
  OAUTH_STATE_SECRET: secret("signs the state of an OAuth flow; 32 characters or more"),
  PUBSUB_AUDIENCE: knob.text({ default: "", describe: "audience that the push subscription is set up with" }),
  PUBSUB_SERVICE_ACCOUNT: knob.text({ default: "", describe: "the account that the subscription pushes as" }),
  PUBSUB_JWKS_URL: knob.schema(url, {
    default: "https://www.googleapis.com/oauth2/v3/certs",
    describe: "keys that push tokens are signed with",
  }),

  WHATSAPP_URL: knob.schema(url, { default: "https://graph.facebook.com", describe: "where messages are sent" }),
  WHATSAPP_TOKEN: secret("lets the app send messages"),
  WHATSAPP_APP_SECRET: secret("Meta signs webhooks with it"),
  WHATSAPP_VERIFY_TOKEN: secret("Meta shows it when the webhook is set up"),

  SENTRY_DSN: secret("where alerts go; none: nowhere"),
  UPSTASH_REDIS_REST_URL: knob.text({ default: "", describe: "keeps hot limits there; none: in Convex" }),
  UPSTASH_REDIS_REST_TOKEN: secret("token of that Redis"),
};
