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
