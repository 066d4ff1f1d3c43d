import type { Endpoint } from "keelson";
import { z } from "zod";
import type { Assistant } from "./assistant.js";
import { type ShopKit, trustProxy } from "./kit.js";
import { endpoints } from "./objectives.js";
import { sessions } from "./sessions.js";

const turn = z.object({ message: z.string().trim().min(1).max(2000) });

/** `POST /api/chat`: one turn with the assistant. */
export function chatEndpoint(kit: ShopKit, answer: Assistant): Endpoint {
  const { SESSION_SECRET, CHAT_ORIGINS, CHAT_BODY_TIMEOUT_MS } = kit.knobs;
  const clients = kit.limiter("chat-clients", {
    algorithm: "gcra",
    limit: (k) => k.RATE_LIMIT_CLIENT_MAX,
    per: "1m",
  });
  const turns = kit.limiter("chat", {
    algorithm: "token-bucket",
    limit: (k) => k.RATE_LIMIT_CHAT_MAX,
    per: (k) => k.RATE_LIMIT_CHAT_WINDOW_MS,
  });
  const failures = kit.limiter("chat-auth-failures", {
    algorithm: "sliding-window",
    limit: (k) => k.RATE_LIMIT_AUTH_FAILURES_MAX,
    per: "1m",
    // Security depends on it: where it can't be counted, nobody gets to try.
    onStoreFailure: "closed",
  });
  return kit.endpoint({
    name: "chat",
    slo: endpoints.chat,
    method: "POST",
    path: "/api/chat",
    body: turn,
    maxBytes: "16kb",
    maxDepth: 8,
    bodyTimeout: CHAT_BODY_TIMEOUT_MS,
    origins: CHAT_ORIGINS,
    auth: sessions(SESSION_SECRET),
    authFailures: failures,
    limits: [
      { limiter: clients, by: "client" },
      { limiter: turns, by: ({ principal }) => principal.id },
    ],
    idempotency: { guard: kit.idempotency("chat", { ttl: "1h" }) },
    trustProxy: trustProxy(kit),
    handler: ({ body, signal, context }) => answer(body.message, { signal, context }),
  });
}
