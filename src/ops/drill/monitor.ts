import type { AskMemory } from "./memory.js";

/** What a run cost this process, threads included. */
export interface Usage {
  readonly cpuSec: number;
  /** The most that was seen. */
  readonly rssBytes: number;
  /** The service's memory as time went by, `null` where it said nothing; empty unless it was asked for. */
  readonly memory: readonly (number | null)[];
  /** Why the service's memory could not be had, the last time it couldn't; `null`: whenever asked, it answered. */
  readonly memoryFailure: string | null;
}

/** Options of {@link Monitor}. */
export interface MonitorOptions {
  /** Is told once a second how many milliseconds the load has been on for. */
  readonly onProgress?: (ms: number) => void;
  readonly memory?: AskMemory;
  /** How often memory is asked for. */
  readonly everyMs: number;
}

const SECOND_MS = 1_000;

/** Looks at this process, and at the service's memory, while load is made. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #memory: (number | null)[] = [];
  #memoryFailure: string | null = null;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #over = new AbortController();
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

  /** What was asked and is not answered yet is given up. */
  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#over.abort();
    this.#cpu = process.cpuUsage(this.#begin);
    this.#rss = Math.max(this.#rss, process.memoryUsage.rss());
  }

  usage(): Usage {
    return {
      cpuSec: (this.#cpu.user + this.#cpu.system) / 1e6,
      rssBytes: this.#rss,
      memory: [...this.#memory],
      memoryFailure: this.#memoryFailure,
    };
  }

  async #ask(memory: AskMemory): Promise<void> {
    const { signal } = this.#over;
    const at = this.#memory.push(null) - 1;
    try {
      this.#memory[at] = await memory(signal);
    } catch (error) {
      // A service under load may fail to answer once; that it never did is told with the check.
      if (!signal.aborted) this.#memoryFailure = error instanceof Error ? error.message : String(error);
    }
  }
}
