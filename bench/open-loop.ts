/** A load generator that keeps its pace whatever the service does: as users do, who don't know of each other. */
import { seeded } from "../src/core/seeded.js";
import { median } from "./harness.js";
import { closingLine, keptLine } from "./lines.js";

/** What came of the requests whose time fell into the measured stretch. */
export interface Outcome {
  /** Requests a second that should have begun. */
  readonly offered: number;
  /** Answers a second with status 200 within the deadline. */
  readonly good: number;
  /** Answers a second with status 503. */
  readonly refused: number;
  /** Requests a second that got no answer in time, or none at all. */
  readonly late: number;
  /** Milliseconds from when a request should have begun until its good answer. */
  readonly p50: number;
  readonly p99: number;
  /** Which part of a processor the service got: 1 is a whole one, which others may have wanted, too. */
  readonly processor: number;
  /** The longest that the generator itself was late, in milliseconds. */
  readonly lag: number;
}

/** How to load a service. */
export interface Load {
  readonly url: string;
  /** Requests a second, on average: they come at random (Poisson). */
  readonly rate: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Who has waited that long since a request should have begun gives up. */
  readonly deadlineMs: number;
  /**
   * Whether giving up closes the connection, as a client of its own does; or only means that the answer is of no use
   * any more, as behind a proxy that keeps its connections.
   */
  readonly hangUp: boolean;
  readonly connections: number;
  /** Asks the service how much of the processor it has used. */
  readonly usage: () => Promise<Usage>;
}

/** What a process has used, in microseconds, when it had run for so many milliseconds. */
export interface Usage {
  readonly at: number;
  readonly cpu: number;
}

/** Loads a service. Requests are sent when their time has come, and their time doesn't depend on any answer. */
export async function openLoop(load: Load): Promise<Outcome> {
  const { url, rate, warmUpMs, measureMs, deadlineMs, hangUp, connections, usage } = load;
  const line = hangUp ? closingLine(url, connections) : keptLine(url, connections);
  const random = seeded(Math.round(rate));
  const begin = performance.now();
  const end = warmUpMs + measureMs;
  const latencies: number[] = [];
  let [offered, good, refused, late, lag, open] = [0, 0, 0, 0, 0, 0];
  // Those who may have to give up, in the order of their deadlines.
  const waiting: { readonly until: number; readonly giveUp: () => void }[] = [];
  let oldest = 0;

  const send = (at: number) => {
    const measured = at >= warmUpMs;
    if (measured) offered++;
    open++;
    let over = false;
    let sent = false;
    let breakOff: (() => void) | undefined;
    const settle = (status?: number) => {
      if (over) return;
      over = true;
      open--;
      if (!measured) return;
      const took = performance.now() - begin - at;
      if (status === 503) refused++;
      else if (status === 200 && took <= deadlineMs) {
        good++;
        latencies.push(took);
      } else late++;
    };
    waiting.push({
      until: at + deadlineMs,
      giveUp: () => {
        if (over) return;
        // What has not been sent yet is not sent any more.
        if (sent && breakOff === undefined) return;
        settle();
        breakOff?.();
      },
    });
    line.ask({
      sent: (how) => {
        sent = true;
        breakOff = how;
        return !over;
      },
      answered: settle,
      failed: () => settle(),
    });
  };

  let next = 0;
  let before: Promise<Usage> | undefined;
  let after: Promise<Usage> | undefined;
  await new Promise<void>((resolve) => {
    const tick = () => {
      const now = performance.now() - begin;
      if (next < now && next < end) lag = Math.max(lag, now - next);
      for (; next <= now && next < end; next -= (Math.log(1 - random()) / rate) * 1000) send(next);
      for (; oldest < waiting.length && (waiting[oldest]?.until ?? 0) <= now; oldest++) waiting[oldest]?.giveUp();
      if (now >= warmUpMs) before ??= usage();
      if (now >= end) after ??= usage();
      if (next >= end && open === 0 && after !== undefined) resolve();
      else setTimeout(tick, 1);
    };
    tick();
  });
  await line.close();
  const used = await Promise.all([before, after]);
  const perSecond = (count: number) => (count * 1000) / measureMs;
  latencies.sort((a, b) => a - b);
  return {
    offered: perSecond(offered),
    good: perSecond(good),
    refused: perSecond(refused),
    late: perSecond(late),
    p50: latencies.length === 0 ? Number.NaN : median(latencies),
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    processor: ((used[1]?.cpu ?? 0) - (used[0]?.cpu ?? 0)) / 1000 / ((used[1]?.at ?? 0) - (used[0]?.at ?? 0)),
    lag,
  };
}
