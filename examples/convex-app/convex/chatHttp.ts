import { internal } from "./_generated/api";
import { authFailures, chatTurns, clients, kit, turnsOnce } from "./keel";
import { user } from "./lib/authGuards";
import { called } from "./lib/functionErrors";
import { chatTurn } from "./lib/httpContracts";
import { routes } from "./lib/objectives";
import { streamedAnswer } from "./lib/streamedAnswer";

/** `POST /api/chat`: one turn with the assistant, streamed as server-sent events. */
export const chat = kit.endpoint({
  name: "chat",
  method: "POST",
  path: "/api/chat",
  slo: routes.chat,
  body: chatTurn,
  maxBytes: "16kb",
  maxDepth: 8,
  origins: kit.knobs.CHAT_ORIGINS,
  cors: { allowHeaders: ["authorization", "content-type", "idempotency-key"] },
  bodyTimeout: kit.knobs.HTTP_BODY_TIMEOUT_MS,
  auth: user,
  authFailures,
  limits: [
    { limiter: clients, by: "client" },
    { limiter: chatTurns, by: (c) => c.principal.id },
  ],
  // Whoever sends a turn again with its key gets the same answer, and no model is asked for it.
  idempotency: { guard: turnsOnce },
  handler: async ({ body, principal, ctx, use, signal }) => {
    const owner = principal.id;
    const asked = { owner, text: body.message, ...(body.thread !== undefined && { thread: body.thread }) };
    const { thread, before } = await called(ctx.runMutation(internal.messages.ask, asked));
    const session = await called(ctx.runMutation(internal.streamSessions.start, { owner, thread }));
    const stream = streamedAnswer({ ctx, use, owner, signal }, { thread, session, before, question: body.message });
    return new Response(stream, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
    });
  },
});
