/** What a run cost this process, threads included. */
export interface Usage {
  readonly cpuSec: number;
  /** The most that was seen. */
  readonly rssBytes: number;
  /** The service's memory as time went by; empty unless it was asked for. */
  readonly memory: readonly (number | null)[];
}

/** Options of {@link Monitor}. */
export interface MonitorOptions {
  /** Is told once a second how many milliseconds the load has been on for. */
  readonly onProgress?: (ms: number) => void;
  readonly memory?: () => Promise<number | null>;
  /** How often memory is asked for. */
  readonly everyMs: number;
}

const SECOND_MS = 1_000;

/** Looks at this process, and at the service's memory, while load is made. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #memory: (number | null)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #begin = process.cpuUsage();
  #cpu = process.cpuUsage(this.#begin);
  #rss = process.memoryUsage.rss();

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  start(): void {
    const { onProgress, memory, everyMs } = this.#options;
    const start = performance.now();
    this.#begin = process.cpuUsage();
    this.#timers.push(
      setInterval(() => {
        this.#rss = Math.max(this.#rss, process.memoryUsage.rss());
        onProgress?.(performance.now() - start);
      }, SECOND_MS),
    );
    if (memory !== undefined) this.#timers.push(setInterval(() => void this.#ask(memory), everyMs));
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#cpu = process.cpuUsage(this.#begin);
    this.#rss = Math.max(this.#rss, process.memoryUsage.rss());
  }

  usage(): Usage {
    return { cpuSec: (this.#cpu.user + this.#cpu.system) / 1e6, rssBytes: this.#rss, memory: this.#memory };
  }

  async #ask(memory: () => Promise<number | null>): Promise<void> {
    const at = this.#memory.push(null) - 1;
    // A service under load may fail to answer: the drill tells of that by itself.
    this.#memory[at] = await memory().catch(() => null);
  }
}
