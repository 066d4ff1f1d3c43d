import { knob } from "keelson";
import { z } from "zod";

const url = z.url({ protocol: /^https?$/ });

/** Everything that the environment can set. A value that can't be used stops the service before it has started. */
export const knobs = {
  HOST: knob.text({ default: "127.0.0.1", min: 1, describe: "address to listen on" }),
  PORT: knob.int({ default: 8080, min: 0, max: 65_535, describe: "port to listen on; 0 takes a free one" }),
  TRUST_PROXY_HOPS: knob.int({
    default: 0,
    min: 0,
    max: 10,
    describe: "proxies in front that append to X-Forwarded-For",
  }),
  DRAIN_MS: knob.duration({ default: "10s", describe: "how long requests under way may take when the service stops" }),

  REDIS_URL: knob.text({ default: "", secret: true, describe: "where state is kept; none: in this process alone" }),
  REDIS_PREFIX: knob.text({ default: "shop", min: 1, describe: "before everything that is kept in Redis" }),
  DIGEST_LEASE_MS: knob.duration({
    default: "30s",
    min: "1s",
    describe: "a process that is silent for so long loses its jobs",
  }),
  DIGEST_QUEUE_MAX: knob.int({ default: 200, min: 1, describe: "digests that may wait" }),

  SESSION_SECRET: knob.text({ secret: true, min: 32, describe: "signs session tokens" }),
  OPERATOR_TOKEN: knob.text({ secret: true, min: 16, describe: "lets operators in" }),
  CHAT_ORIGINS: knob.list({ default: ["https://shop.example"], describe: "browser origins that may chat" }),
  CHAT_BODY_TIMEOUT_MS: knob.duration({ default: "10s", min: "100ms", describe: "how long a body may take to arrive" }),
  RATE_LIMIT_CHAT_MAX: knob.int({ default: 20, min: 1, describe: "chat turns of one user" }),
  RATE_LIMIT_CHAT_WINDOW_MS: knob.duration({ default: "1m", min: "1s", describe: "… in this time" }),
  RATE_LIMIT_CLIENT_MAX: knob.int({ default: 300, min: 1, describe: "requests a minute from one address" }),
  RATE_LIMIT_AUTH_FAILURES_MAX: knob.int({ default: 10, min: 1, describe: "failed logins a minute from one address" }),
  RATE_LIMIT_WEBHOOK_MAX: knob.int({ default: 600, min: 1, describe: "webhook requests a minute from one address" }),

  OPENROUTER_URL: knob.schema(url, { default: "https://openrouter.ai", describe: "where the model is" }),
  OPENROUTER_API_KEY: knob.text({ secret: true, min: 1, describe: "key of the model" }),
  OPENROUTER_MODEL: knob.text({ default: "openai/gpt-4o-mini", min: 1, describe: "which model" }),
  OPENROUTER_TIMEOUT_MS: knob.duration({
    default: "30s",
    min: "100ms",
    describe: "one turn of the model, retries included",
  }),
  OPENROUTER_ATTEMPT_TIMEOUT_MS: knob.duration({ default: "12s", min: "50ms", describe: "one attempt" }),
  BULKHEAD_OPENROUTER_MAX: knob.int({ default: 32, min: 1, describe: "calls of the model at a time" }),
  BULKHEAD_OPENROUTER_QUEUE: knob.int({ default: 64, min: 0, describe: "calls that may wait for their turn" }),

  SERPER_URL: knob.schema(url, { default: "https://google.serper.dev", describe: "where the search is" }),
  SERPER_API_KEY: knob.text({ secret: true, min: 1, describe: "key of the search" }),
  SERPER_TIMEOUT_MS: knob.duration({ default: "6s", min: "100ms", describe: "one search, retries included" }),
  SERPER_ATTEMPT_TIMEOUT_MS: knob.duration({ default: "2500ms", min: "50ms", describe: "one attempt" }),
  BULKHEAD_SERPER_MAX: knob.int({ default: 16, min: 1, describe: "searches at a time" }),
  TOOL_CACHE_WEB_SEARCH_TTL_MS: knob.duration({
    default: "5m",
    min: "100ms",
    describe: "how long pages found are fresh",
  }),
  TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION: knob.text({ default: "v1", describe: "another value forgets all pages" }),
  TOOL_CACHE_PRODUCT_SEARCH_TTL_MS: knob.duration({
    default: "10m",
    min: "100ms",
    describe: "how long products are fresh",
  }),
  TOOL_CACHE_PRODUCTS_NS_VER: knob.text({ default: "v1", describe: "another value forgets all products" }),

  BREAKER_MINIMUM_CALLS: knob.int({ default: 10, min: 1, describe: "calls in 30 s before a breaker judges" }),
  BREAKER_OPEN_MS: knob.duration({ default: "5s", min: "50ms", describe: "how long a breaker first stays open" }),

  WHATSAPP_URL: knob.schema(url, {
    default: "https://graph.facebook.com",
    describe: "where WhatsApp messages are sent",
  }),
  WHATSAPP_TOKEN: knob.text({ secret: true, min: 1, describe: "lets the service send messages" }),
  WHATSAPP_APP_SECRET: knob.text({ secret: true, min: 1, describe: "Meta signs webhooks with it" }),
  WHATSAPP_VERIFY_TOKEN: knob.text({ secret: true, min: 1, describe: "Meta shows it when the webhook is set up" }),

  GMAIL_URL: knob.schema(url, { default: "https://gmail.googleapis.com", describe: "where mailboxes are read" }),
  GMAIL_TOKEN: knob.text({ secret: true, min: 1, describe: "lets the service read mailboxes" }),
  PUBSUB_AUDIENCE: knob.text({ min: 1, describe: "audience that the push subscription is set up with" }),
  PUBSUB_SERVICE_ACCOUNT: knob.text({ min: 1, describe: "e-mail of the account that the subscription pushes as" }),
  PUBSUB_JWKS_URL: knob.schema(url, {
    default: "https://www.googleapis.com/oauth2/v3/certs",
    describe: "keys that push tokens are signed with",
  }),
};
