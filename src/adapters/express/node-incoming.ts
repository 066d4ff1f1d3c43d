import type { Request as ExpressRequest, Response as ExpressResponse } from "express";
import { type Incoming, PASS, type ParsedElsewhere, type Pass } from "../../boundary/endpoint/incoming.js";
import { boundedStream } from "../../boundary/endpoint/streams.js";
import type { Deadlines } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import { readNodeBody } from "./node-body.js";

/** Node's request, as Express hands it on, as the guards read it. */
export class NodeIncoming implements Incoming {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  maxStreamBytes: number | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  private requestMade: Request | undefined = undefined;

  constructor(
    readonly req: ExpressRequest,
    readonly res: ExpressResponse,
  ) {
    this.method = req.method;
    // Relative to where the endpoint is mounted, as Express has it.
    const { path, query } = split(req.url);
    this.path = path;
    this.rawQuery = query;
  }

  get fullPath(): string {
    return split(this.req.originalUrl).path;
  }

  header(name: string): string | null {
    const value = this.req.headers[name];
    return value === undefined ? null : typeof value === "string" ? value : value.join(", ");
  }

  *headers(): Iterable<readonly [string, string]> {
    for (const name of Object.keys(this.req.headers)) yield [name, this.header(name) as string];
  }

  get remoteAddress(): string | undefined {
    return this.req.socket.remoteAddress;
  }

  get parsed(): ParsedElsewhere | undefined {
    const { req } = this;
    if (!req.readableDidRead) return undefined;
    // Some keep the bytes beside what they made of them, as serverless frameworks do.
    const { rawBody } = req as { readonly rawBody?: unknown };
    return { value: req.body as unknown, raw: rawBody instanceof Uint8Array ? rawBody : undefined };
  }

  get pass(): Pass | undefined {
    return (this.req as { readonly [PASS]?: Pass })[PASS];
  }

  readBody(maxBytes: number, deadlines: Deadlines, now: number): Promise<Uint8Array> {
    return readNodeBody(this.req, maxBytes, deadlines, now);
  }

  get aborted(): boolean {
    return this.res.destroyed && !this.res.writableFinished;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      const { res } = this;
      const gone = () => {
        if (!res.writableFinished) controller.abort(new KeelsonError("aborted"));
      };
      if (res.destroyed) gone();
      else res.once("close", gone);
      this.controller = controller;
    }
    return this.controller.signal;
  }

  get request(): Request {
    this.requestMade ??= this.makeRequest();
    return this.requestMade;
  }

  private makeRequest(): Request {
    const { req, method } = this;
    const { maxStreamBytes } = this;
    const hasBody = method !== "GET" && method !== "HEAD" && !req.readableDidRead;
    const stream = hasBody ? lazyStream(req) : null;
    return new Request(urlOf(req), {
      method,
      headers: [...this.headers()] as [string, string][],
      body: stream !== null && maxStreamBytes !== undefined ? boundedStream(stream, maxStreamBytes) : stream,
      signal: this.signal,
      // Node asks for this with every streamed body; the DOM's types don't know it.
      ...({ duplex: "half" } as object),
    });
  }
}

function split(url: string): { path: string; query: string } {
  // A proxy's request line has the whole URL (RFC 9112, section 3.2.2).
  const start = url.startsWith("/") ? 0 : Math.max(0, url.indexOf("/", url.indexOf("://") + 3));
  const mark = url.indexOf("?", start);
  return mark === -1
    ? { path: start === 0 ? url : url.slice(start), query: "" }
    : { path: url.slice(start, mark), query: url.slice(mark + 1) };
}

function urlOf(req: ExpressRequest): string {
  const { path, query } = split(req.originalUrl);
  const rest = query === "" ? path : `${path}?${query}`;
  // The client may write anything into Host.
  const base = `${req.protocol}://${req.headers.host ?? "localhost"}`;
  return URL.canParse(base) && new URL(base).pathname === "/" ? base + rest : `${req.protocol}://localhost${rest}`;
}

/** The body as a web stream that reads nothing before it is read itself. */
function lazyStream(req: ExpressRequest): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream(
    {
      async pull(controller) {
        chunks ??= req.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks?.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
