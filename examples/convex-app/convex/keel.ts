import { Redis } from "@upstash/redis";
import type { ActionBuilder, FunctionVisibility } from "convex/server";
import { createKit, perCall } from "keelson";
import { guards } from "keelson/convex";
import { upstashStore } from "keelson/upstash";
import { components } from "./_generated/api";
import type { DataModel } from "./_generated/dataModel";
import {
  type ActionCtx,
  action,
  internalAction,
  internalMutation,
  internalQuery,
  mutation,
  query,
} from "./_generated/server";
import { sendAlerts } from "./lib/alertQueue";
import { Refused } from "./lib/httpErrors";
import { knobs } from "./lib/knobs";
import { upstreams } from "./lib/objectives";
import { listen, SERVICE } from "./lib/telemetry";
import { globalHits, type Hit, hits, toolQuery } from "./lib/tools";

/** The app's kit: definitions only. Each call binds them to its ctx. */
export const kit = createKit({ service: SERVICE, store: perCall<ActionCtx>(), knobs });
listen(kit.events);

const { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN, RATE_LIMIT_HOT_SHARDS } = kit.knobs;

/** Redis by HTTP for the limits that every request counts against, where one is set up; otherwise they lie in Convex. */
const hot =
  UPSTASH_REDIS_REST_URL === ""
    ? {}
    : {
        store: upstashStore(
          new Redis({
            url: UPSTASH_REDIS_REST_URL,
            token: UPSTASH_REDIS_REST_TOKEN,
            // What was sent twice would be taken twice.
            retry: { retries: 0 },
          }),
        ),
      };

/** Limits of webhooks are hot: Meta and Google push from few addresses. */
export const storeOptions =
  RATE_LIMIT_HOT_SHARDS > 1 ? { shards: { webhooks: RATE_LIMIT_HOT_SHARDS, clients: RATE_LIMIT_HOT_SHARDS } } : {};

export const clients = kit.limiter("clients", {
  algorithm: "gcra",
  limit: (k) => k.RATE_LIMIT_CLIENT_MAX,
  per: "1m",
  onStoreFailure: "open",
  ...hot,
});
export const webhooks = kit.limiter("webhooks", {
  algorithm: "gcra",
  limit: (k) => k.RATE_LIMIT_WEBHOOK_MAX,
  per: "1m",
  onStoreFailure: "open",
  ...hot,
});
export const chatTurns = kit.limiter("chat", {
  algorithm: "token-bucket",
  limit: (k) => k.RATE_LIMIT_CHAT_MAX,
  per: (k) => k.RATE_LIMIT_CHAT_WINDOW_MS,
  onStoreFailure: "open",
  ...hot,
});
export const authFailures = kit.limiter("auth-failures", {
  algorithm: "sliding-window",
  limit: (k) => k.RATE_LIMIT_AUTH_FAILURES_MAX,
  per: "1m",
  onStoreFailure: "closed",
});
export const writes = kit.limiter("writes", {
  algorithm: "gcra",
  limit: (k) => k.RATE_LIMIT_WRITES_MAX,
  per: "1m",
  onStoreFailure: "open",
});
/** A sync reads up to 50 mails: closed, for what can't be counted could be asked for without an end. */
export const syncs = kit.limiter("syncs", {
  algorithm: "gcra",
  limit: (k) => k.RATE_LIMIT_SYNC_MAX,
  per: "1h",
  onStoreFailure: "closed",
});
export const linkCodes = kit.limiter("wa-link-code", {
  algorithm: "sliding-log",
  limit: (k) => k.RATE_LIMIT_WA_LINK_CODE_MAX,
  per: (k) => k.RATE_LIMIT_WA_LINK_CODE_WINDOW_MS,
  onStoreFailure: "closed",
});
/** Codes that a phone may try: six digits are soon guessed otherwise. */
export const linkAttempts = kit.limiter("wa-link-attempts", {
  algorithm: "sliding-log",
  limit: 5,
  per: "10m",
  onStoreFailure: "closed",
});
export const alertsSent = kit.limiter("alerts", {
  algorithm: "fixed-window",
  limit: 1,
  per: "5m",
  onStoreFailure: "closed",
});

const breaker = {
  window: "30s",
  failureRate: 0.5,
  minimumCalls: (k: { readonly BREAKER_MINIMUM_CALLS: number }) => k.BREAKER_MINIMUM_CALLS,
  openFor: (k: { readonly BREAKER_OPEN_MS: number }) => k.BREAKER_OPEN_MS,
} as const;

export const openRouter = kit.upstream("openrouter", {
  slo: upstreams.openRouter,
  timeout: (k) => k.OPENROUTER_TIMEOUT_MS,
  attemptTimeout: (k) => k.OPENROUTER_ATTEMPT_TIMEOUT_MS,
  retry: { attempts: 3, backoff: "200ms", maxBackoff: "5s" },
  breaker,
  bulkhead: { maxConcurrent: (k) => k.BULKHEAD_OPENROUTER_MAX, maxQueue: 16, queueTimeout: kit.knobs.BULKHEAD_WAIT_MS },
});
export const serper = kit.upstream("serper", {
  slo: upstreams.serper,
  timeout: (k) => k.SERPER_TIMEOUT_MS,
  attemptTimeout: (k) => k.SERPER_ATTEMPT_TIMEOUT_MS,
  retry: { attempts: 3, backoff: "100ms", maxBackoff: "2s" },
  breaker,
  bulkhead: { maxConcurrent: (k) => k.BULKHEAD_SERPER_MAX, maxQueue: 16, queueTimeout: kit.knobs.BULKHEAD_WAIT_MS },
});
export const gmailOAuth = kit.upstream("gmail-oauth", {
  slo: upstreams.gmailOAuth,
  timeout: "10s",
  attemptTimeout: "4s",
  retry: { attempts: 2, backoff: "200ms" },
  breaker,
});
export const gmail = kit.upstream("gmail", {
  slo: upstreams.gmail,
  timeout: "10s",
  attemptTimeout: "4s",
  retry: { attempts: 3, backoff: "200ms" },
  breaker,
  bulkhead: { maxConcurrent: 8, maxQueue: 16 },
});
export const whatsApp = kit.upstream("whatsapp", {
  slo: upstreams.whatsApp,
  timeout: "10s",
  attemptTimeout: "5s",
  retry: { attempts: 2, backoff: "500ms" },
  breaker,
});
export const sentry = kit.upstream("sentry", { timeout: "5s", retry: { attempts: 2, backoff: "200ms" } });

export const webPages = kit.cache<readonly Hit[]>("search_web", {
  ttl: (k) => k.TOOL_CACHE_WEB_SEARCH_TTL_MS,
  version: (k) => k.TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION,
  grace: "1h",
  value: hits,
  tier2: { lease: "20s", wait: "15s" },
});
export const products = kit.cache<readonly Hit[]>("search_products", {
  ttl: (k) => k.TOOL_CACHE_PRODUCT_SEARCH_TTL_MS,
  version: (k) => k.TOOL_CACHE_PRODUCTS_NS_VER,
  grace: "1h",
  value: hits,
  tier2: { lease: "20s", wait: "15s" },
});

/** What was refused once is refused again. */
const retryIf = (error: unknown) => !(error instanceof Refused);

export const tools = kit.queue("tools", {
  lease: (k) => k.TOOL_JOB_LEASE_MS,
  attempts: (k) => k.TOOL_JOB_MAX_ATTEMPTS,
  retry: { base: (k) => k.TOOL_JOB_RETRY_BASE_MS, cap: "30s" },
  ttl: (k) => k.TOOL_JOB_TTL_MS,
  poll: (k) => k.TOOL_JOB_POLL_MS,
  claimScan: (k) => k.TOOL_JOB_CLAIM_SCAN,
  maxPerRun: (k) => k.TOOL_JOB_MAX_PER_RUN,
  jobs: {
    search_web: kit.job({
      input: toolQuery,
      output: hits,
      maxRunning: (k) => k.TOOL_JOB_RUNMAX_WEB,
      maxQueued: (k) => k.TOOL_JOB_QMAX_WEB,
      retryIf,
    }),
    search_products: kit.job({
      input: toolQuery,
      output: hits,
      maxRunning: (k) => k.TOOL_JOB_RUNMAX_PROD,
      maxQueued: (k) => k.TOOL_JOB_QMAX_PROD,
      retryIf,
    }),
    search_global: kit.job({
      input: toolQuery,
      output: globalHits,
      maxRunning: (k) => k.TOOL_JOB_RUNMAX_GLOB,
      maxQueued: (k) => k.TOOL_JOB_QMAX_GLOB,
      retryIf,
    }),
  },
});
/** Workers at a time: each is an action of its own. */
export const toolWorkers = kit.sharedBulkhead("tool-jobs", {
  maxConcurrent: (k) => k.BULKHEAD_TOOL_JOB_MAX,
  lease: kit.knobs.BULKHEAD_TOOL_JOB_LEASE_MS,
  onStoreFailure: "closed",
});

export const turnsOnce = kit.idempotency("chat", { ttl: "1d" });
export const pushes = kit.replayGuard("gmail-push", { ttl: "7d", lease: "60s" });
export const waItems = kit.replayGuard("whatsapp", { ttl: "7d", lease: "60s" });
export const oauthStates = kit.replayGuard("gmail-oauth-state", { ttl: "1h", lease: "60s" });

const component = components.keelson;
/** Functions that anyone may call, guarded. */
export const guarded = guards(kit, { component, query, mutation, action: alerting(action), store: storeOptions });
/** The app's own functions, guarded like the others: what comes from outside reaches them, too. */
export const internalGuarded = guards(kit, {
  component,
  query: internalQuery,
  mutation: internalMutation,
  action: alerting(internalAction),
  store: storeOptions,
});

/** Builds actions that hand on at their end what has to be looked at. */
function alerting<V extends FunctionVisibility>(builder: ActionBuilder<DataModel, V>): ActionBuilder<DataModel, V> {
  const build = builder as (definition: Acting) => unknown;
  return ((definition: Acting) =>
    build({
      ...definition,
      handler: async (ctx, args) => {
        try {
          return await definition.handler(ctx, args);
        } finally {
          await sendAlerts(ctx);
        }
      },
    })) as ActionBuilder<DataModel, V>;
}

/** What an action is built of, as far as it matters here. */
interface Acting {
  readonly handler: (ctx: ActionCtx, args: unknown) => Promise<unknown>;
}
