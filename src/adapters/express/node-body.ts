import type { IncomingMessage } from "node:http";
import { bodyTooLarge } from "../../boundary/endpoint/guards/size.js";
import { joined } from "../../boundary/endpoint/streams.js";
import type { Deadlines, Expirable } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";

/**
 * Reads a body by its events into one buffer: less work than through a web stream, and no more is held than the limit.
 */
export function readNodeBody(
  req: IncomingMessage,
  maxBytes: number,
  deadlines: Deadlines,
  now: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    new NodeBodyRead(req, maxBytes, deadlines, resolve, reject).start(now);
  });
}

class NodeBodyRead implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  private readonly chunks: Uint8Array[] = [];
  private length = 0;
  private readonly onData = this.data.bind(this);
  private readonly onEnd = this.end.bind(this);
  private readonly onBreak = this.broken.bind(this);

  constructor(
    private readonly req: IncomingMessage,
    private readonly maxBytes: number,
    private readonly deadlines: Deadlines,
    private readonly resolve: (bytes: Uint8Array) => void,
    private readonly reject: (error: KeelsonError) => void,
  ) {}

  start(now: number): void {
    const { req } = this;
    this.deadlines.add(this, now);
    req.on("data", this.onData);
    req.on("end", this.onEnd);
    req.on("error", this.onBreak);
    req.on("close", this.onBreak);
    // The client may be gone already, and its events with it.
    if (req.destroyed) this.broken();
  }

  private stop(): void {
    const { req } = this;
    req.off("data", this.onData);
    req.off("end", this.onEnd);
    req.off("error", this.onBreak);
    req.off("close", this.onBreak);
  }

  private data(chunk: Uint8Array): void {
    this.length += chunk.byteLength;
    if (this.length > this.maxBytes) this.fail(bodyTooLarge(this.maxBytes));
    else this.chunks.push(chunk);
  }

  private end(): void {
    this.deadlines.remove(this);
    this.stop();
    this.resolve(joined(this.chunks, this.length));
  }

  private broken(): void {
    this.fail(new KeelsonError("aborted", "The body broke off"));
  }

  private fail(error: KeelsonError): void {
    this.deadlines.remove(this);
    this.stop();
    this.req.pause();
    this.reject(error);
  }

  expire(): void {
    this.stop();
    this.req.pause();
    this.reject(new KeelsonError("request_timeout", "The body did not arrive in time"));
  }
}
