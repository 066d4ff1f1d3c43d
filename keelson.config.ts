/**
 * What the reliability commands know of the Express example: start it with `npm run example:express`, then
 * `npm run reliability:gate`. The Convex app has a configuration of its own.
 */

import { defineConfig } from "keelson/ops";
import { whatsAppWebhook } from "keelson/testing";
import { localOr } from "./examples/express-app/reliability/local.js";
import { sessionToken } from "./examples/express-app/service/session-token.js";

const WHATSAPP_SECRET = localOr("WHATSAPP_APP_SECRET");
const VERIFY_TOKEN = localOr("WHATSAPP_VERIFY_TOKEN");
const ORIGIN = "https://shop.example";
/** Users of the drills: each may have so many turns a minute, as any other. */
const USERS = await Promise.all(
  Array.from({ length: 2_000 }, (_, at) => sessionToken(localOr("SESSION_SECRET"), `drill-${at}`, "8h")),
);
const QUESTIONS = ["a tent for two", "hiking boots", "a lamp for the desk", "a rain jacket", "a bicycle pump"];

/** Any address of 10.0.0.0/8: each client of a drill has one. */
function address(random: () => number): string {
  const part = () => Math.floor(random() * 254) + 1;
  return `10.${part()}.${part()}.${part()}`;
}

function asUser(random: () => number): Record<string, string> {
  const token = USERS[Math.floor(random() * USERS.length)] ?? "";
  return { authorization: `Bearer ${token}`, origin: ORIGIN, "x-forwarded-for": address(random) };
}

export default defineConfig({
  service: "shop-assistant",
  target: process.env.SERVICE_URL ?? "http://127.0.0.1:8080",
  snapshot: { url: "/ops/snapshot", headers: { authorization: `Bearer ${localOr("OPERATOR_TOKEN")}` } },
  operator: { url: "/operator", headers: { authorization: `Bearer ${localOr("OPERATOR_TOKEN")}` } },
  secrets: [localOr("OPERATOR_TOKEN"), localOr("SESSION_SECRET"), WHATSAPP_SECRET, VERIFY_TOKEN],

  experiments: "examples/express-app/reliability/experiments",
  derivedProbes: {},
  probes: [
    {
      id: "ready",
      title: "may be sent traffic",
      steps: [{ request: { path: "/readyz" }, expect: { status: 200, within: "500ms" } }],
    },
    {
      id: "chat-turn",
      title: "answers a signed-in user",
      steps: [
        {
          request: {
            method: "POST",
            path: "/api/chat",
            headers: { authorization: `Bearer ${USERS[0]}`, origin: ORIGIN },
            body: { message: "a tent for two" },
          },
          expect: { status: 200, json: { "$.text": { type: "string" } }, within: "5s" },
        },
      ],
    },
    {
      id: "chat-preflight",
      title: "lets the shop's pages ask",
      steps: [
        {
          request: {
            method: "OPTIONS",
            path: "/api/chat",
            headers: { origin: ORIGIN, "access-control-request-method": "POST" },
          },
          expect: { status: 204, headers: { "access-control-allow-origin": ORIGIN } },
        },
      ],
    },
    {
      id: "gmail-push-guard",
      title: "refuses pushes that Google did not sign",
      steps: [
        {
          request: {
            method: "POST",
            path: "/api/gmail/push",
            headers: { authorization: "Bearer forged" },
            body: { message: { messageId: "1" }, subscription: "s" },
          },
          expect: { status: 401, json: { "$.code": "unauthenticated" } },
        },
      ],
    },
    {
      id: "whatsapp-verification",
      title: "answers Meta's challenge, and nobody else's",
      steps: [
        {
          request: {
            path: `/api/whatsapp/webhook?hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}&hub.challenge=4711`,
          },
          expect: { status: 200, body: "4711" },
        },
        {
          request: { path: "/api/whatsapp/webhook?hub.mode=subscribe&hub.verify_token=guessed&hub.challenge=4711" },
          expect: { status: 403 },
        },
      ],
    },
    {
      id: "whatsapp-signature-guard",
      title: "refuses what Meta did not sign",
      steps: [
        {
          request: {
            method: "POST",
            path: "/api/whatsapp/webhook",
            headers: { "x-hub-signature-256": `sha256=${"0".repeat(64)}` },
            body: { object: "whatsapp_business_account", entry: [] },
          },
          expect: { status: 401, json: { "$.code": "unauthenticated" } },
        },
      ],
    },
  ],

  profiles: {
    // As quick as it gets with a hundred requests of each scenario: with fewer nothing could be said.
    gate: {
      stages: [
        { name: "warm-up", duration: "5s", rate: [5, 40], warmUp: true },
        { name: "steady", duration: "30s", rate: 40 },
      ],
    },
  },
  scenarios: {
    chat: {
      title: "a turn with the assistant",
      request: { method: "POST", path: "/api/chat" },
      payload: ({ random }) => ({
        headers: asUser(random),
        body: { message: QUESTIONS[Math.floor(random() * QUESTIONS.length)] },
      }),
      expect: { status: 200 },
      allow4xx: [429],
      weight: 4,
    },
    chat_auth_guard: {
      title: "a turn without a session",
      request: { method: "POST", path: "/api/chat", headers: { origin: ORIGIN }, body: { message: "hello" } },
      payload: ({ random }) => ({ headers: { "x-forwarded-for": address(random) } }),
      expect: { status: 401 },
      critical: false,
    },
    gmail_push_webhook: {
      title: "a push without Google's token",
      request: {
        method: "POST",
        path: "/api/gmail/push",
        body: { message: { messageId: "{{uuid}}" }, subscription: "projects/shop/subscriptions/gmail" },
      },
      payload: ({ random }) => ({ headers: { "x-forwarded-for": address(random) } }),
      expect: { status: 401 },
    },
    whatsapp_webhook: {
      title: "a status that Meta delivers",
      request: { method: "POST", path: "/api/whatsapp/webhook" },
      payload: ({ random }) => {
        const id = `wamid.${Math.floor(random() * 1e15)}`;
        const { headers, body } = whatsAppWebhook({ secret: WHATSAPP_SECRET, statuses: [{ id, status: "delivered" }] });
        return { headers: { ...headers, "x-forwarded-for": address(random) }, body };
      },
      expect: { status: 200 },
    },
    health: { title: "a load balancer's look", request: { path: "/healthz" }, expect: { status: 200 }, weight: 2 },
  },
});
