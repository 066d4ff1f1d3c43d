import type { TLSSocket } from "node:tls";
import { Agent, buildConnector, request } from "undici";

/** What is sent. */
export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds for everything, from connecting to the body's end. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An answer, whole. */
export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  /** By small letters; those that came several times are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  text(): string;
  /** Milliseconds until the body's end. */
  readonly ms: number;
  /** When the server's certificate ends to be valid; `null` without TLS. */
  readonly certificateEnds: Date | null;
}

/** No answer, or not a whole one. */
export interface NotAnswered {
  /** `aborted`: by our own signal. */
  readonly kind: "timeout" | "network" | "aborted";
  /** `ECONNREFUSED`, `UND_ERR_SOCKET`. */
  readonly code: string;
  readonly ms: number;
}

export type Exchanged = Answered | NotAnswered;

/** Answers are cut off there: nothing that this tool reads is longer. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Asks over HTTP, one request at a time, without retries and redirects: what it tells is what happened. */
export class HttpClient {
  readonly #agent: Agent;
  /** By origin, as the last connection to it was told. */
  readonly #certificates = new Map<string, Date>();

  /** @param insecureTls takes certificates that nobody vouches for: of a test environment */
  constructor({ insecureTls = false }: { readonly insecureTls?: boolean } = {}) {
    const connect = buildConnector({ rejectUnauthorized: !insecureTls });
    this.#agent = new Agent({
      connect: (options, callback) =>
        connect(options, (error, socket) => {
          if (error !== null) return void callback(error, null);
          const ends = (socket as Partial<TLSSocket>).getPeerCertificate?.()?.valid_to;
          if (ends !== undefined) this.#certificates.set(`${options.protocol}//${options.host}`, new Date(ends));
          callback(null, socket);
        }),
    });
  }

  async ask({ method, url, headers, body, timeoutMs, signal }: Sent): Promise<Exchanged> {
    const start = performance.now();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method: method as "GET",
        headers,
        ...(body !== undefined && { body: body as string }),
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      const bytes = await whole(answer.body);
      return {
        kind: "answered",
        status: answer.statusCode,
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(", ") : value,
          ]),
        ),
        body: bytes,
        text: () => new TextDecoder().decode(bytes),
        ms: performance.now() - start,
        certificateEnds: this.#certificates.get(`${url.protocol}//${url.host}`) ?? null,
      };
    } catch (error) {
      const ms = performance.now() - start;
      if (signal?.aborted === true) return { kind: "aborted", code: "aborted", ms };
      if (timeout.aborted) return { kind: "timeout", code: "timeout", ms };
      return { kind: "network", code: codeOf(error), ms };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** The code of a network failure, as deep inside as it is. */
export function codeOf(error: unknown): string {
  const { code, cause, name, message } = error as { code?: string; cause?: unknown; name?: string; message?: string };
  if (code !== undefined) return code;
  return cause !== undefined ? codeOf(cause) : (message ?? name ?? "unknown");
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MOST_BYTES) throw Object.assign(new Error("the answer is too long"), { code: "BODY_TOO_LONG" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
