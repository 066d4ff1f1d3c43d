import { ConfigError } from "../../core/config.js";
import type { Deadlines, Expirable } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import type { MaybePromise } from "../../core/store.js";
import { bodyTooLarge } from "./guards/size.js";
import type { Incoming } from "./incoming.js";
import { boundedStream, joined } from "./streams.js";

const EMPTY = /* @__PURE__ */ new Uint8Array();

/** A web `Request` as the guards read it. */
export class FetchIncoming implements Incoming {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly parsed = undefined;
  maxStreamBytes: number | undefined = undefined;
  private requestMade: Request | undefined = undefined;

  constructor(
    private readonly original: Request,
    readonly remoteAddress: string | undefined,
  ) {
    this.method = original.method;
    // The URL of a Request is absolute and normalised: this is what `new URL` would say of it, for a tenth of the time.
    const { url } = original;
    const start = url.indexOf("/", url.indexOf("//") + 2);
    const hash = url.indexOf("#", start);
    const end = hash === -1 ? url.length : hash;
    const mark = url.indexOf("?", start);
    const query = mark === -1 || mark > end ? end : mark;
    this.path = url.slice(start, query);
    this.rawQuery = url.slice(query + 1, end);
  }

  get fullPath(): string {
    return this.path;
  }

  header(name: string): string | null {
    return this.original.headers.get(name);
  }

  headers(): Iterable<readonly [string, string]> {
    return this.original.headers;
  }

  get aborted(): boolean {
    return this.original.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.original.signal;
  }

  get request(): Request {
    this.requestMade ??= this.makeRequest();
    return this.requestMade;
  }

  private makeRequest(): Request {
    const { original, maxStreamBytes } = this;
    if (maxStreamBytes === undefined || original.body === null || original.bodyUsed) return original;
    return new Request(original, {
      body: boundedStream(original.body, maxStreamBytes),
      // Asked for with every streamed body; the DOM's types don't know it.
      ...({ duplex: "half" } as object),
    });
  }

  readBody(maxBytes: number, deadlines: Deadlines, now: number): MaybePromise<Uint8Array> {
    const { original: request } = this;
    if (request.bodyUsed)
      throw new ConfigError("fetch(request)", "a request whose body was read", "a request whose body was not read yet");
    if (request.body === null) return EMPTY;
    const reader = request.body.getReader();
    return new Promise((resolve, reject) => new BodyRead(reader, maxBytes, deadlines, now, resolve, reject));
  }
}

/** One body being read: chunk by chunk, so that no more than the limit is ever held. */
class BodyRead implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  private readonly chunks: Uint8Array[] = [];
  private length = 0;
  private over = false;
  // Bound once: a body takes two reads at least.
  private readonly onRead = this.take.bind(this);
  private readonly onFailure = this.fail.bind(this);

  constructor(
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly maxBytes: number,
    private readonly deadlines: Deadlines,
    now: number,
    private readonly resolve: (bytes: Uint8Array) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    deadlines.add(this, now);
    this.pull();
  }

  private pull(): void {
    this.reader.read().then(this.onRead, this.onFailure);
  }

  private take({ done, value }: ReadableStreamReadResult<Uint8Array>): void {
    if (this.over) return;
    if (done) {
      this.end();
      this.resolve(joined(this.chunks, this.length));
      return;
    }
    this.length += value.byteLength;
    if (this.length > this.maxBytes) {
      this.fail(bodyTooLarge(this.maxBytes));
      return;
    }
    this.chunks.push(value);
    this.pull();
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.end();
    this.stop(
      error instanceof KeelsonError ? error : new KeelsonError("aborted", "The body broke off", { cause: error }),
    );
  }

  expire(): void {
    this.over = true;
    this.stop(new KeelsonError("request_timeout", "The body did not arrive in time"));
  }

  private end(): void {
    this.over = true;
    this.deadlines.remove(this);
  }

  private stop(error: KeelsonError): void {
    // A stream that broke off can't be cancelled any more.
    this.reader.cancel(error).catch(() => undefined);
    this.reject(error);
  }
}
