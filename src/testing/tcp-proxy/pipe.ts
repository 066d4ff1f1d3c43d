import type { Socket } from "node:net";
import type { Alarm, Clock } from "../../core/clock.js";
import type { Conditions, Direction } from "./conditions.js";

/** What waits in a pipe; a sender that fills it has to wait itself. */
const MOST_WAITING = 256 * 1024;
/** A narrow pipe passes on what it lets through in this time at once. */
const PIECE_MS = 20;

interface Waiting {
  /** Monotonic milliseconds. */
  readonly due: number;
  readonly bytes: number;
  readonly pass: () => void;
}

/** One way of a connection: passes on what comes, in order, as late and as slowly as conditions say. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: Direction;
  readonly #conditions: Conditions;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #lastDue = 0;
  #freeAt = 0;
  #alarm: Alarm | undefined;

  constructor(from: Socket, to: Socket, way: Direction, conditions: Conditions, clock: Clock) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#conditions = conditions;
    this.#clock = clock;
  }

  push(chunk: Buffer): void {
    const perMs = this.#conditions.bytesPerMs(this.#way);
    const delayMs = this.#conditions.delayMs(this.#way);
    const size = perMs === Infinity ? chunk.length : Math.max(1, Math.floor(perMs * PIECE_MS));
    for (let at = 0; at < chunk.length; at += size) {
      const piece = chunk.subarray(at, at + size);
      const now = this.#clock.monotonic();
      this.#freeAt = Math.max(this.#freeAt, now) + piece.length / perMs;
      this.#add(Math.max(now + delayMs, perMs === Infinity ? 0 : this.#freeAt + delayMs), piece.length, () => {
        if (this.#to.writable) this.#to.write(piece);
      });
    }
    if (this.#bytes > MOST_WAITING) this.#from.pause();
  }

  /** The sender has said all. */
  end(): void {
    const delayMs = this.#conditions.delayMs(this.#way) + this.#conditions.closeMs(this.#way);
    this.#add(this.#clock.monotonic() + delayMs, 0, () => this.#to.end());
  }

  /** Forgets what waits. */
  stop(): void {
    this.#alarm?.cancel();
    this.#waiting.length = 0;
  }

  #add(wanted: number, bytes: number, pass: () => void): void {
    const due = Math.max(wanted, this.#lastDue);
    this.#lastDue = due;
    if (this.#waiting.length === 0 && due <= this.#clock.monotonic()) {
      pass();
      return;
    }
    this.#waiting.push({ due, bytes, pass });
    this.#bytes += bytes;
    if (this.#waiting.length === 1) this.#wait();
  }

  /** One alarm, for whatever is first: timers of different lengths may ring out of order. */
  #wait(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    // (A timer may ring a fraction of a millisecond early.)
    const ms = Math.ceil(first.due - this.#clock.monotonic());
    this.#alarm = this.#clock.alarm(ms, () => this.#pass(first.due), "background");
  }

  #pass(until: number): void {
    for (let first = this.#waiting[0]; first !== undefined && first.due <= until; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#bytes -= first.bytes;
      first.pass();
    }
    if (this.#bytes <= MOST_WAITING / 2 && this.#from.isPaused()) this.#from.resume();
    this.#wait();
  }
}
