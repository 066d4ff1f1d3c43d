import { bodyTooLarge } from "./guards/size.js";

/** The same bytes, up to `maxBytes`; past that the stream fails with `payload_too_large`. Nothing is read ahead. */
export function boundedStream(source: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  let length = 0;
  return source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>(
      {
        transform(chunk, controller) {
          length += chunk.byteLength;
          if (length > maxBytes) controller.error(bodyTooLarge(maxBytes));
          else controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
      { highWaterMark: 0 },
    ),
  );
}
