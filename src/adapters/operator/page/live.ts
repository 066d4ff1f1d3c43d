import type { Snapshot } from "../../../observe/snapshot.js";
import { ask, Refused } from "./api.js";
import { ServerSentReader } from "./sse.js";

/** How news comes in. */
export type Link = "connecting" | "live" | "polling" | "lost" | "refused";

const POLL_MS = 2_000;
/** A stream that is silent for longer than its heartbeat is dead, whatever the network says. */
const SILENCE_MS = 20_000;
/** How long it is polled before the stream is tried again; twice as long each time, up to a minute. */
const RETRY_MS = 8_000;
const LONGEST_RETRY_MS = 60_000;

/** What {@link follow} tells. */
export interface Follower {
  news(snapshot: Snapshot): void;
  link(link: Link): void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Follows the service: by a stream, and by asking again and again where there is none. Ends when it is refused: somebody
 * has to sign in first.
 */
export async function follow(follower: Follower): Promise<void> {
  let retryMs = RETRY_MS;
  for (;;) {
    try {
      if (await streamed(follower)) retryMs = RETRY_MS;
      await polled(follower, retryMs);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      follower.link("refused");
      return;
    }
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
  }
}

/** Reads the stream to its end. @returns whether there was any news */
async function streamed(follower: Follower): Promise<boolean> {
  const controller = new AbortController();
  let watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
  let heard = false;
  try {
    const { body } = await ask("stream", { signal: controller.signal });
    if (body === null) return false;
    const events = new ServerSentReader();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
      for (const { event, data } of events.push(piece.value)) {
        if (event !== "snapshot") continue;
        heard = true;
        follower.link("live");
        follower.news(JSON.parse(data) as Snapshot);
      }
    }
  } catch (error) {
    // However a stream breaks off, what follows is the same: ask.
    if (isRefusal(error)) throw error;
  } finally {
    clearTimeout(watchdog);
  }
  return heard;
}

async function polled(follower: Follower, ms: number): Promise<void> {
  const until = performance.now() + ms;
  do {
    try {
      const response = await ask("snapshot", { signal: AbortSignal.timeout(SILENCE_MS) });
      follower.news((await response.json()) as Snapshot);
      follower.link("polling");
    } catch (error) {
      if (isRefusal(error)) throw error;
      follower.link("lost");
    }
    await pause(POLL_MS);
  } while (performance.now() < until);
}

function isRefusal(error: unknown): boolean {
  return error instanceof Refused && (error.status === 401 || error.status === 403);
}
