/**
 * Counts what is under way, so that closing can wait for it. Once closed to newcomers it stays so.
 */
export class Work {
  #running = 0;
  #closing = false;
  #onIdle: (() => void)[] = [];

  /** How much is under way. */
  get running(): number {
    return this.#running;
  }

  /** Whether nothing new is to begin. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Something began. */
  begin(): void {
    this.#running++;
  }

  /** Something that began has ended. */
  end(): void {
    if (--this.#running > 0 || this.#onIdle.length === 0) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const idle of waiting) idle();
  }

  /** Lets nothing new begin; resolves once nothing is under way. */
  close(): Promise<void> {
    this.#closing = true;
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }
}
