import { classify } from "keelson";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { answer, type Turn } from "./assistant";
import { called } from "./functionErrors";
import { streamProblem } from "./httpErrors";
import { internalError, log } from "./telemetry";
import type { Hit } from "./tools";

/** What is streamed is saved so often, for pages that are loaded again, and to hear whether it is to stop. */
const SAVE_EVERY = 200;

/** A question that is to be answered. */
export interface Asked {
  readonly thread: Id<"threads">;
  readonly session: Id<"streamSessions">;
  readonly before: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
  readonly question: string;
}

/** Where it is answered; `signal` is the request's own. */
export interface StreamedTurn extends Turn {
  readonly signal: AbortSignal;
}

/**
 * Answers a question by server-sent events: `thread` first, then `text` and `tool` as they come, and one of `done`,
 * `stopped` (its owner asked for that) and `error` in the end.
 */
export function streamedAnswer(turn: StreamedTurn, asked: Asked): ReadableStream<Uint8Array> {
  const stream = new AnswerStream(turn, asked);
  return new ReadableStream({
    start: (controller) => stream.run(controller),
    cancel: () => stream.leave(),
  });
}

class AnswerStream {
  readonly #turn: StreamedTurn;
  readonly #asked: Asked;
  readonly #encoder = new TextEncoder();
  readonly #ending = new AbortController();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #text = "";
  #savedLength = 0;
  #saving: Promise<void> | undefined;
  #stopped = false;

  constructor(turn: StreamedTurn, asked: Asked) {
    this.#turn = turn;
    this.#asked = asked;
  }

  /** Nobody reads any more. */
  leave(): void {
    this.#controller = undefined;
    this.#ending.abort(new DOMException("The reader has left", "AbortError"));
  }

  async run(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#controller = controller;
    const { thread, session, before, question } = this.#asked;
    const { signal } = this.#turn;
    this.#tell("thread", { thread, session });
    const turn = { ...this.#turn, signal: AbortSignal.any([signal, this.#ending.signal]) };
    try {
      const { sources, missing } = await answer(turn, before, question, {
        text: (piece) => this.#said(piece),
        tool: (name, state, code) => this.#tell("tool", { name, state, ...(code !== undefined && { code }) }),
      });
      await this.#keep(sources);
      if (this.#stopped) this.#tell("stopped", {});
      else this.#tell("done", { sources, missing });
    } catch (error) {
      await this.#failed(error);
    }
    this.#controller?.close();
  }

  #said(piece: string): void {
    this.#text += piece;
    this.#tell("text", { text: piece });
    // One at a time: the next has what was said meanwhile, too.
    if (this.#saving !== undefined || this.#text.length - this.#savedLength < SAVE_EVERY) return;
    this.#savedLength = this.#text.length;
    this.#saving = this.#save("streaming")
      .then((goOn) => {
        if (goOn) return;
        this.#stopped = true;
        this.#ending.abort(new DOMException("Stopped by the user", "AbortError"));
      })
      // The answer goes on without: only a page that is loaded again sees less of it for a while.
      .catch((error: unknown) => log("stream.unsaved", { error: String(error) }))
      .finally(() => {
        this.#saving = undefined;
      });
  }

  async #failed(error: unknown): Promise<void> {
    try {
      if (this.#stopped) {
        await this.#keep([]);
        this.#tell("stopped", {});
        return;
      }
      await this.#saving;
      await this.#save("failed");
    } catch (unkept) {
      // The cron that looks for dead streams marks it.
      log("stream.unsaved", { error: String(unkept) });
    }
    const { code } = classify(error);
    // The status was sent long ago: nobody else will hear of it, least of all of a mistake of ours.
    log("stream.failed", { code });
    if (code === "internal") internalError("chat", error);
    this.#tell("error", streamProblem(error));
  }

  /** Keeps what was said, as a message of its thread. */
  async #keep(sources: readonly Hit[]): Promise<void> {
    await this.#saving;
    const { ctx, owner } = this.#turn;
    const { thread } = this.#asked;
    await this.#save("done");
    if (this.#text === "") return;
    const answered = { owner, thread, text: this.#text, sources: [...sources] };
    await called(ctx.runMutation(internal.messages.answered, answered));
  }

  #save(status: "streaming" | "done" | "failed"): Promise<boolean> {
    const saved = { id: this.#asked.session, text: this.#text, status };
    return called(this.#turn.ctx.runMutation(internal.streamSessions.save, saved));
  }

  #tell(event: string, data: object): void {
    this.#controller?.enqueue(this.#encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  }
}
