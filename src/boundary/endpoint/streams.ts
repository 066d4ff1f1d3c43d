import { bodyTooLarge } from "./guards/size.js";

type Bytes = ReadableStream<Uint8Array>;

/** The same bytes, up to `maxBytes`; past that the stream fails with `payload_too_large`. */
export function boundedStream(source: Bytes, maxBytes: number): Bytes {
  let length = 0;
  return passed(source, (chunk) => {
    length += chunk.byteLength;
    if (length > maxBytes) throw bodyTooLarge(maxBytes);
  });
}

/** The same bytes; `ended` hears once that there will be no more of them, for whatever reason. */
export function watchedStream(source: Bytes, ended: () => void): Bytes {
  return passed(source, () => undefined, ended);
}

/**
 * Passes a stream on, chunk by chunk. Nothing is read ahead.
 *
 * @param see sees each chunk; what it throws ends the stream
 */
function passed(source: Bytes, see: (chunk: Uint8Array) => void, ended: () => void = () => undefined): Bytes {
  const reader = source.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            see(value);
            controller.enqueue(value);
            return;
          }
          controller.close();
        } catch (error) {
          controller.error(error);
          // Where the source itself failed there is nothing left to stop.
          reader.cancel(error).catch(() => undefined);
        }
        ended();
      },
      cancel(reason) {
        ended();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What {@link capturedStream} has seen: everything, or only how much where that was too much. */
export type Captured = { readonly whole: Uint8Array } | { readonly bytes: number };

/**
 * Passes a stream on, and keeps up to `maxBytes` of it. A reader that leaves does not end it: it is read to its end
 * all the same, for what has been begun is to be known.
 *
 * @param done hears how it ended before the reader does; `undefined` when it broke off
 */
export function capturedStream(
  source: Bytes,
  maxBytes: number,
  done: (captured: Captured | undefined) => Promise<void>,
): Bytes {
  const reader = source.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  /** The next chunk; `undefined` at the end. */
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      const { done: ended, value } = await reader.read();
      if (!ended) {
        bytes += value.byteLength;
        if (bytes <= maxBytes) chunks.push(value);
        else chunks.length = 0;
        return value;
      }
    } catch (error) {
      await done(undefined);
      throw error;
    }
    await done(bytes <= maxBytes ? { whole: joined(chunks, bytes) } : { bytes });
    return undefined;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        const chunk = await next();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      async cancel() {
        while ((await next()) !== undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Chunks as one, of `length` bytes in all. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
