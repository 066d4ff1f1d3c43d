import { bodyTooLarge } from "./guards/size.js";

/** The same bytes, up to `maxBytes`; past that the stream fails with `payload_too_large`. Nothing is read ahead. */
export function boundedStream(source: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let length = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        length += value.byteLength;
        if (length <= maxBytes) {
          controller.enqueue(value);
          return;
        }
        const error = bodyTooLarge(maxBytes);
        controller.error(error);
        await reader.cancel(error);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
