/** Who listens to what, over one connection. */
export class Subscriptions {
  readonly #listeners = new Map<string, Set<(message: string) => void>>();
  readonly #gaps = new Set<() => void>();

  /** Adds a listener. Whether it is the channel's first. */
  add(channel: string, listener: (message: string) => void, gap: (() => void) | undefined): boolean {
    const known = this.#listeners.get(channel);
    if (gap !== undefined) this.#gaps.add(gap);
    if (known !== undefined) {
      known.add(listener);
      return false;
    }
    this.#listeners.set(channel, new Set([listener]));
    return true;
  }

  /** Removes a listener. Whether it was the channel's last. */
  remove(channel: string, listener: (message: string) => void, gap: (() => void) | undefined): boolean {
    const known = this.#listeners.get(channel);
    if (gap !== undefined) this.#gaps.delete(gap);
    if (known === undefined || !known.delete(listener) || known.size > 0) return false;
    this.#listeners.delete(channel);
    return true;
  }

  deliver(channel: string, message: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message);
  }

  /** The channels that somebody listens to. */
  channels(): readonly string[] {
    return [...this.#listeners.keys()];
  }

  /** Messages may have been missed: the connection was lost, and all channels are subscribed to again. */
  missed(): void {
    for (const gap of this.#gaps) gap();
  }
}
