/** What is sent. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** What a client sees. */
export interface Seen {
  /** 0: no answer at all. */
  readonly status: number;
  /** Of the problem, where the answer is one. */
  readonly code: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly header: (name: string) => string | null;
  readonly text: string;
  /** `undefined` where the body is no JSON. */
  readonly json: unknown;
  /** Milliseconds until the whole answer was there. */
  readonly ms: number;
}

/** Sends a request, and tells what a client sees of the answer. */
export async function ask(method: string, url: string, { headers = {}, body, signal }: Asked): Promise<Seen> {
  const start = performance.now();
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body, duplex: "half" }),
      ...(signal !== undefined && { signal }),
    });
    const text = await response.text();
    const json = parsed(text);
    const retryAfter = response.headers.get("retry-after");
    return {
      status: response.status,
      code: (json as { code?: string } | undefined)?.code,
      retryAfter: retryAfter === null ? undefined : Number(retryAfter),
      header: (name) => response.headers.get(name),
      text,
      json,
      ms: performance.now() - start,
    };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    return {
      status: 0,
      code: cause ?? (error as Error).name,
      retryAfter: undefined,
      header: () => null,
      text: "",
      json: undefined,
      ms: performance.now() - start,
    };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sees in one line: `200 ×20 · 429 rate_limit ×5, again in 3 s`. */
export function told(seen: readonly Seen[]): string {
  const groups = new Map<string, number>();
  for (const { status, code } of seen) {
    const what = status === 0 ? `no answer (${code})` : code === undefined ? `${status}` : `${status} ${code}`;
    groups.set(what, (groups.get(what) ?? 0) + 1);
  }
  const waits = seen.flatMap(({ retryAfter }) => retryAfter ?? []);
  const answers = [...groups].map(([what, times]) => (seen.length === 1 ? what : `${what} ×${times}`)).join(" · ");
  return waits.length === 0 ? answers : `${answers}, again in ${Math.max(...waits)} s`;
}
