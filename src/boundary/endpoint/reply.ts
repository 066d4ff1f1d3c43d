/** What a {@link Reply} can carry: bytes, a stream and text as they are; anything else as JSON. */
export type ReplyBody = string | Uint8Array | ReadableStream<Uint8Array> | object | number | boolean | null | undefined;

/** Response headers by name; a list is only allowed for `set-cookie`. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * An answer without the cost of a web `Response`. Made by {@link reply}.
 */
export class Reply {
  constructor(
    readonly status: number,
    readonly body: ReplyBody,
    readonly headers: ReplyHeaders | undefined,
  ) {}
}

/**
 * Answers with a status, a body and headers: `reply(201, { id }, { location: "/things/1" })`. A string is sent as
 * `text/plain`, bytes and streams as `application/octet-stream`, anything else as JSON, unless a `content-type` is given
 * (a string with a JSON type is sent as it is). `reply(204)` has no body.
 *
 * @throws {RangeError} when the status is not one of a final response, 200 to 599
 */
export function reply(status: number, body?: ReplyBody, headers?: ReplyHeaders): Reply {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`reply(status): got ${status}; allowed: 200 to 599`);
  return new Reply(status, body, headers);
}

/** How a body is sent, and its content type. */
export function encoded(
  body: ReplyBody,
  type: string | undefined,
): { body: string | Uint8Array | ReadableStream<Uint8Array>; type: string } {
  if (typeof body === "string") return { body, type: type ?? "text/plain; charset=utf-8" };
  if (body instanceof Uint8Array || body instanceof ReadableStream)
    return { body, type: type ?? "application/octet-stream" };
  return { body: json(body), type: type ?? "application/json" };
}

/** @throws {TypeError} for what JSON has no text for: functions, symbols, BigInts, what refers to itself */
export function json(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a handler returned what is not JSON: ${typeof value}`);
  return text;
}
