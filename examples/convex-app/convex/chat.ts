import { v } from "convex/values";
import { z } from "zod";
import { internal } from "./_generated/api";
import { chatTurns, guarded } from "./keel";
import { answer } from "./lib/assistant";
import { user } from "./lib/authGuards";
import { messageText } from "./lib/functionBoundaries";
import { called } from "./lib/functionErrors";

const SILENT = { text: () => undefined, tool: () => undefined };

/** One turn with the assistant, answered as a whole: for clients that don't stream. */
export const send = guarded.action({
  name: "chat.send",
  args: { message: v.string(), thread: v.optional(v.string()) },
  refine: z.object({ message: messageText, thread: z.string().max(64).optional() }),
  auth: user,
  limits: [{ limiter: chatTurns, by: (c) => c.principal.id }],
  handler: async ({ ctx, use, principal }, { message, thread: named }): Promise<Sent> => {
    const owner = principal.id;
    const asked = { owner, text: message, ...(named !== undefined && { thread: named }) };
    const { thread, before } = await called(ctx.runMutation(internal.messages.ask, asked));
    const { text, sources, missing } = await answer({ ctx, use, owner }, before, message, SILENT);
    await called(ctx.runMutation(internal.messages.answered, { owner, thread, text, sources: [...sources] }));
    return { thread, text, sources: [...sources], missing: [...missing] };
  },
});

/** What a turn came to. */
export interface Sent {
  readonly thread: string;
  readonly text: string;
  readonly sources: { title: string; link: string; price?: string }[];
  readonly missing: string[];
}
