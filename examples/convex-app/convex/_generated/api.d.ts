/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as alerts from "../alerts.js";
import type * as chat from "../chat.js";
import type * as chatHttp from "../chatHttp.js";
import type * as crons from "../crons.js";
import type * as favorites from "../favorites.js";
import type * as http from "../http.js";
import type * as integrations_evidence from "../integrations/evidence.js";
import type * as integrations_gmail_connection from "../integrations/gmail/connection.js";
import type * as integrations_gmail_oauth from "../integrations/gmail/oauth.js";
import type * as integrations_gmail_push from "../integrations/gmail/push.js";
import type * as integrations_gmail_sync from "../integrations/gmail/sync.js";
import type * as integrations_preferences from "../integrations/preferences.js";
import type * as integrations_whatsapp from "../integrations/whatsapp.js";
import type * as integrations_whatsappWebhook from "../integrations/whatsappWebhook.js";
import type * as keel from "../keel.js";
import type * as levers from "../levers.js";
import type * as lib_alertQueue from "../lib/alertQueue.js";
import type * as lib_assistant from "../lib/assistant.js";
import type * as lib_authGuards from "../lib/authGuards.js";
import type * as lib_functionBoundaries from "../lib/functionBoundaries.js";
import type * as lib_functionErrors from "../lib/functionErrors.js";
import type * as lib_functionRateLimit from "../lib/functionRateLimit.js";
import type * as lib_gmailApi from "../lib/gmailApi.js";
import type * as lib_httpContracts from "../lib/httpContracts.js";
import type * as lib_httpErrors from "../lib/httpErrors.js";
import type * as lib_knobs from "../lib/knobs.js";
import type * as lib_needed from "../lib/needed.js";
import type * as lib_objectives from "../lib/objectives.js";
import type * as lib_openRouter from "../lib/openRouter.js";
import type * as lib_parcels from "../lib/parcels.js";
import type * as lib_plain from "../lib/plain.js";
import type * as lib_serper from "../lib/serper.js";
import type * as lib_signedState from "../lib/signedState.js";
import type * as lib_streamedAnswer from "../lib/streamedAnswer.js";
import type * as lib_telemetry from "../lib/telemetry.js";
import type * as lib_toolCacheKeys from "../lib/toolCacheKeys.js";
import type * as lib_toolCacheRows from "../lib/toolCacheRows.js";
import type * as lib_toolJobClient from "../lib/toolJobClient.js";
import type * as lib_tools from "../lib/tools.js";
import type * as messages from "../messages.js";
import type * as ops from "../ops.js";
import type * as packages from "../packages.js";
import type * as streamSessions from "../streamSessions.js";
import type * as threads from "../threads.js";
import type * as toolCache from "../toolCache.js";
import type * as toolJobs from "../toolJobs.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  alerts: typeof alerts;
  chat: typeof chat;
  chatHttp: typeof chatHttp;
  crons: typeof crons;
  favorites: typeof favorites;
  http: typeof http;
  "integrations/evidence": typeof integrations_evidence;
  "integrations/gmail/connection": typeof integrations_gmail_connection;
  "integrations/gmail/oauth": typeof integrations_gmail_oauth;
  "integrations/gmail/push": typeof integrations_gmail_push;
  "integrations/gmail/sync": typeof integrations_gmail_sync;
  "integrations/preferences": typeof integrations_preferences;
  "integrations/whatsapp": typeof integrations_whatsapp;
  "integrations/whatsappWebhook": typeof integrations_whatsappWebhook;
  keel: typeof keel;
  levers: typeof levers;
  "lib/alertQueue": typeof lib_alertQueue;
  "lib/assistant": typeof lib_assistant;
  "lib/authGuards": typeof lib_authGuards;
  "lib/functionBoundaries": typeof lib_functionBoundaries;
  "lib/functionErrors": typeof lib_functionErrors;
  "lib/functionRateLimit": typeof lib_functionRateLimit;
  "lib/gmailApi": typeof lib_gmailApi;
  "lib/httpContracts": typeof lib_httpContracts;
  "lib/httpErrors": typeof lib_httpErrors;
  "lib/knobs": typeof lib_knobs;
  "lib/needed": typeof lib_needed;
  "lib/objectives": typeof lib_objectives;
  "lib/openRouter": typeof lib_openRouter;
  "lib/parcels": typeof lib_parcels;
  "lib/plain": typeof lib_plain;
  "lib/serper": typeof lib_serper;
  "lib/signedState": typeof lib_signedState;
  "lib/streamedAnswer": typeof lib_streamedAnswer;
  "lib/telemetry": typeof lib_telemetry;
  "lib/toolCacheKeys": typeof lib_toolCacheKeys;
  "lib/toolCacheRows": typeof lib_toolCacheRows;
  "lib/toolJobClient": typeof lib_toolJobClient;
  "lib/tools": typeof lib_tools;
  messages: typeof messages;
  ops: typeof ops;
  packages: typeof packages;
  streamSessions: typeof streamSessions;
  threads: typeof threads;
  toolCache: typeof toolCache;
  toolJobs: typeof toolJobs;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  keelson: import("keelson/convex/_generated/component.js").ComponentApi<"keelson">;
};
