/**
 * What sinks cost a guarded request: of an Express service over loopback, and of the fetch handler alone, where
 * everything else is a third. Kits are alike but for what listens to them. Figures of the fetch handler are CPU time of the
 * whole process; what the sinks do later (exports, lines, a snapshot) is in them, once in ten thousand requests.
 */
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import pino from "pino";
import { logs } from "../../src/adapters/logs/index.js";
import { otel } from "../../src/adapters/otel/index.js";
import { prometheus } from "../../src/adapters/prometheus/index.js";
import { sentry } from "../../src/adapters/sentry/index.js";
import { duel, serving } from "../duel.js";
import { keelson } from "../echo.js";
import { median, type Row, report, row } from "../harness.js";
import { expressWith } from "../services.js";

const ROUNDS = 11;
/** Samples of one round, in turn, so that a machine whose speed drifts slows both alike. */
const SLICES = 5;
const CALLS = 2_000;
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
  readonly echo: ReturnType<typeof keelson>["echo"];
  readonly flush: () => Promise<unknown>;
}

const nothing = async () => undefined;

/** As if there were no events at all. */
function bare(): Contestant {
  const { kit, echo } = keelson();
  Object.assign(kit.events, { wants: () => false, reports: () => false, emit: () => undefined });
  return { kit, echo, flush: nothing };
}

function off(): Contestant {
  return { ...keelson(), flush: nothing };
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
  const { kit, echo } = keelson();
  const attached = names.map((name) => sinks[name](kit));
  return { kit, echo, flush: () => Promise.all(attached.map((sink) => sink.flush())) };
}

/** Nanoseconds of CPU that something takes. */
async function cpuOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

/** A loop of its own for each contestant, so that the engine can specialise it. */
function slices({ kit }: Contestant): () => Promise<void> {
  return async () => {
    for (let i = 0; i < CALLS; i++) {
      const response = await kit.fetch(new Request("http://127.0.0.1/echo", init));
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
      await response.text();
      if (i % TURN === 0) await new Promise(setImmediate);
    }
  };
}

async function contest(
  path: string,
  target: number,
  ours: Contestant,
  peer: Contestant,
  peerName: string,
): Promise<Row> {
  const [a, b] = [slices(ours), slices(peer)];
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    let [x, y] = [0, 0];
    for (let slice = 0; slice < SLICES; slice++) {
      if (slice % 2 === 0) x += await cpuOf(a);
      y += await cpuOf(b);
      if (slice % 2 === 1) x += await cpuOf(a);
    }
    x += await cpuOf(ours.flush);
    y += await cpuOf(peer.flush);
    // (The first warms up.)
    if (round < 0) continue;
    mine.push(x / SLICES / CALLS);
    theirs.push(y / SLICES / CALLS);
  }
  const ratio = median(mine.map((figure, i) => figure / (theirs[i] ?? Number.NaN)));
  return row({ path: `fetch: ${path}`, peerName, target }, median(mine), median(theirs), ratio, "ns");
}

const names = Object.keys(sinks) as (keyof typeof sinks)[];
const services = {
  "without events": () => expressWith(bare().echo),
  "sinks off": () => expressWith(off().echo),
  "all sinks on": () => expressWith(on(names).echo),
};

if (!(await serving(services))) {
  const rows: Row[] = [];
  rows.push(...(await duel("Express, sinks off", "sinks off", "without events", 1.02)));
  rows.push(...(await duel("Express, all four on", "all sinks on", "sinks off", 1.15)));
  rows.push(await contest("sinks off", 1.02, off(), bare(), "without events"));
  for (const name of names) rows.push(await contest(`${name} alone`, 1.15, on([name]), off(), "sinks off"));
  rows.push(await contest("all four on", 1.15, on(names), off(), "sinks off"));
  report("sinks", rows);
  process.exit();
}
