/**
 * What sinks cost a guarded request, in CPU time of the whole process: kits alike but for what listens to them, in turn.
 * What the sinks do later (exports, lines, a snapshot) is in the figure, once in ten thousand requests.
 */
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import pino from "pino";
import { logs } from "../../src/adapters/logs/index.js";
import { otel } from "../../src/adapters/otel/index.js";
import { prometheus } from "../../src/adapters/prometheus/index.js";
import { sentry } from "../../src/adapters/sentry/index.js";
import { keelson } from "../echo.js";
import { median, type Row, report, row } from "../harness.js";

const ROUNDS = 11;
const CALLS = 10_000;
/** Requests between two turns of the event loop, in which timers ring. */
const TURN = 100;

const body = JSON.stringify({ text: "a lamp for the desk", page: 1 });
const init = {
  method: "POST",
  body,
  headers: { "content-type": "application/json", "content-length": String(body.length) },
};

type Kit = ReturnType<typeof keelson>["kit"];

/** A kit, and what is to be done after each sample. */
interface Contestant {
  readonly kit: Kit;
  readonly flush: () => Promise<unknown>;
}

const nothing = async () => undefined;

/** As if there were no events at all. */
function bare(): Contestant {
  const { kit } = keelson();
  Object.assign(kit.events, { wants: () => false, reports: () => false, emit: () => undefined });
  return { kit, flush: nothing };
}

function off(): Contestant {
  return { kit: keelson().kit, flush: nothing };
}

/** Takes spans and forgets them. */
const nowhere: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: async () => undefined,
};

const sinks = {
  sentry: (kit: Kit) => sentry(kit, { dsn: "http://key@127.0.0.1/1", fetch: async () => new Response() }),
  otel: (kit: Kit) => {
    const exporter = new InMemoryMetricExporter(1);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] });
    const sink = otel(kit, { meterProvider, tracerProvider });
    return {
      flush: async () => {
        await sink.flush();
        exporter.reset();
      },
    };
  },
  prometheus: (kit: Kit) => {
    const metrics = prometheus(kit);
    return { flush: () => metrics.exposition() };
  },
  logs: (kit: Kit) => logs(kit, pino({}, { write: () => undefined }), { requests: 0.01 }),
};

function on(names: readonly (keyof typeof sinks)[]): Contestant {
  const { kit } = keelson();
  const attached = names.map((name) => sinks[name](kit));
  return { kit, flush: () => Promise.all(attached.map((sink) => sink.flush())) };
}

/** Nanoseconds of CPU for one request, in a loop of its own for each contestant. */
function sampler({ kit, flush }: Contestant): () => Promise<number> {
  return async () => {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) {
      const response = await kit.fetch(new Request("http://127.0.0.1/echo", init));
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
      await response.text();
      if (i % TURN === 0) await new Promise(setImmediate);
    }
    await flush();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / CALLS;
  };
}

async function duel(path: string, target: number, ours: Contestant, peer: Contestant, peerName: string): Promise<Row> {
  const [a, b] = [sampler(ours), sampler(peer)];
  for (let warm = 0; warm < 2; warm++) await Promise.all([await a(), await b()]);
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) mine.push(await a());
    theirs.push(await b());
    if (round % 2 === 1) mine.push(await a());
  }
  const ratio = median(mine.map((figure, i) => figure / (theirs[i] ?? Number.NaN)));
  return row({ path, peerName, target }, median(mine), median(theirs), ratio, "ns");
}

const names = Object.keys(sinks) as (keyof typeof sinks)[];
const rows = [await duel("guarded request, sinks off", 1.02, off(), bare(), "without events")];
for (const name of names) rows.push(await duel(`${name} alone`, 1.15, on([name]), off(), "sinks off"));
rows.push(await duel("all four sinks on", 1.15, on(names), off(), "sinks off"));
report("sinks", rows);
process.exit();
