/**
 * What the reliability commands know of the Convex app: start it with `npm run example:convex`, then run
 * `npm run reliability:gate` in this folder. Against a deployment, set SERVICE_URL (https://….convex.site),
 * CONVEX_URL (https://….convex.cloud) and OPERATOR_TOKEN, and sign users of your own in.
 */
import { defineConfig } from "keelson/ops";
import { whatsAppWebhook } from "keelson/testing";
import { local } from "./serve/local.js";

const { SERVICE_URL = "http://127.0.0.1:8090", CONVEX_URL, OPERATOR_TOKEN = "demo.olga" } = process.env;
const { WHATSAPP_APP_SECRET = local.WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN = local.WHATSAPP_VERIFY_TOKEN } =
  process.env;
const ORIGIN = "https://shop.example";
const QUESTIONS = ["a keel for my boat", "everything about anchors", "buy a rope", "the price of a sail"];

export default defineConfig({
  service: "shop-assistant",
  target: SERVICE_URL,
  snapshot: { convex: { ...(CONVEX_URL !== undefined && { url: CONVEX_URL }), token: OPERATOR_TOKEN } },
  secrets: [OPERATOR_TOKEN, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN],

  experiments: "reliability/experiments",
  runbooks: "../../docs/runbooks",
  derivedProbes: {},
  probes: [
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
      id: "chat-auth-guard",
      title: "refuses turns of nobody",
      steps: [
        {
          request: { method: "POST", path: "/api/chat", headers: { origin: ORIGIN }, body: { message: "hello" } },
          expect: { status: 401, json: { "$.code": "unauthenticated" } },
        },
      ],
    },
    {
      id: "chat-turn",
      title: "signs a user in, and answers",
      steps: [
        {
          name: "sign in",
          request: { method: "POST", path: "/demo/sign-in", body: { user: "probe" } },
          extract: { session: "$.token" },
        },
        {
          name: "ask",
          request: {
            method: "POST",
            path: "/api/chat",
            headers: { authorization: "Bearer {{session}}", origin: ORIGIN },
            body: { message: "a keel for my boat" },
          },
          expect: { status: 200, within: "5s" },
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
            path: `/api/whatsapp/webhook?hub.mode=subscribe&hub.verify_token=${WHATSAPP_VERIFY_TOKEN}&hub.challenge=4711`,
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

  // The host on this machine is a test double whose look-ups are linear: it is asked far less than a deployment could be.
  profiles: {
    quick: {
      stages: [
        { name: "warm-up", duration: "5s", rate: [2, 15], warmUp: true },
        { name: "steady", duration: "60s", rate: 15 },
      ],
    },
  },
  scenarios: {
    chat: {
      title: "a turn with the assistant",
      request: { method: "POST", path: "/api/chat", timeout: "20s" },
      payload: ({ index, random }) => ({
        headers: { authorization: `Bearer demo.drill-${index % 500}`, origin: ORIGIN },
        body: { message: QUESTIONS[Math.floor(random() * QUESTIONS.length)] },
      }),
      expect: { status: 200 },
      allow4xx: [429],
      weight: 4,
    },
    chat_auth_guard: {
      title: "a turn without a session",
      request: { method: "POST", path: "/api/chat", headers: { origin: ORIGIN }, body: { message: "hello" } },
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
      expect: { status: 401 },
    },
    whatsapp_webhook: {
      title: "a status that Meta delivers",
      request: { method: "POST", path: "/api/whatsapp/webhook" },
      payload: ({ random }) => {
        const id = `wamid.${Math.floor(random() * 1e15)}`;
        return whatsAppWebhook({ secret: WHATSAPP_APP_SECRET, statuses: [{ id, status: "delivered" }] });
      },
      expect: { status: 200 },
    },
  },
});
