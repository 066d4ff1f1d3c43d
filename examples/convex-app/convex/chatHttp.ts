import { internal } from "./_generated/api";
import { authFailures, chatTurns, clients, kit } from "./keel";
import { answer } from "./lib/assistant";
import { user } from "./lib/authGuards";
import { called } from "./lib/functionErrors";
import { chatTurn } from "./lib/httpContracts";
import { streamProblem } from "./lib/httpErrors";
import { sendAlerts } from "./lib/telemetry";

/** What is streamed is saved so often, for pages that are loaded again, and to hear whether it is to stop. */
const SAVE_EVERY = 200;

/** `POST /api/chat`: one turn with the assistant, streamed as server-sent events. */
export const chat = kit.endpoint({
  name: "chat",
  method: "POST",
  path: "/api/chat",
  body: chatTurn,
  maxBytes: "16kb",
  maxDepth: 8,
  origins: kit.knobs.CHAT_ORIGINS,
  cors: { allowHeaders: ["authorization", "content-type", "idempotency-key"] },
  auth: user,
  authFailures,
  limits: [
    { limiter: clients, by: "client" },
    { limiter: chatTurns, by: (c) => c.principal.id },
  ],
  handler: async ({ body, principal, ctx, use, signal }) => {
    const owner = principal.id;
    const asked = { owner, text: body.message, ...(body.thread !== undefined && { thread: body.thread }) };
    const { thread, before } = await called(ctx.runMutation(internal.messages.ask, asked));
    const session = await ctx.runMutation(internal.streamSessions.start, { owner, thread });
    const encoder = new TextEncoder();
    const leaving = new AbortController();
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        let text = "";
        let saved = 0;
        let saving: Promise<void> = Promise.resolve();
        const tell = (event: string, data: unknown) => {
          if (!leaving.signal.aborted)
            controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        };
        const save = (status: "streaming" | "done" | "failed") => {
          saving = saving.then(async () => {
            const goOn = await ctx.runMutation(internal.streamSessions.save, { id: session, text, status });
            if (!goOn && status === "streaming") leaving.abort(new DOMException("Stopped by the user", "AbortError"));
          });
          return saving;
        };
        tell("thread", { thread, session });
        try {
          const { sources, missing } = await answer(
            { ctx, use, owner, signal: AbortSignal.any([signal, leaving.signal]) },
            before,
            body.message,
            {
              text: (piece) => {
                text += piece;
                tell("text", { text: piece });
                if (text.length - saved >= SAVE_EVERY) {
                  saved = text.length;
                  void save("streaming");
                }
              },
              tool: (name, state) => tell("tool", { name, state }),
            },
          );
          await save("done");
          await ctx.runMutation(internal.messages.answered, { owner, thread, text, sources: [...sources] });
          tell("done", { sources, missing });
        } catch (error) {
          await save("failed");
          tell("error", streamProblem(error));
        }
        await sendAlerts(ctx);
        if (!leaving.signal.aborted) controller.close();
      },
      cancel: (reason) => leaving.abort(reason),
    });
    return new Response(stream, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
    });
  },
});
