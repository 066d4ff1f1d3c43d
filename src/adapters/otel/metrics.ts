import type { Attributes, BatchObservableCallback, Histogram, Meter, Observable } from "@opentelemetry/api";
import type { EventMap } from "../../core/events.js";
import { DURATION_BOUNDS } from "../../sinks/durations.js";
import { FAMILIES } from "../../sinks/families.js";
import type { LabelBounds } from "../../sinks/label-bounds.js";
import type { Listening, MeasuredHost, SinkErrorListener } from "../../sinks/sink.js";
import { type Recordings, Series } from "./recordings.js";
import { endingOf, type Surfaces } from "./surfaces.js";

/** Series of one name that are made once and kept. */
const KEPT = 64;

/** Measures how long things take, as it happens. */
export function recordDurations(
  meter: Meter,
  listening: Listening,
  surfaces: Surfaces,
  bounds: LabelBounds,
  recordings: Recordings,
): void {
  const histogram = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { unit: "s", description, advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] } });
  const http = histogram("http.server.request.duration", "Duration of HTTP server requests.");
  const functions = histogram("keelson.boundary.duration", "How long guarded functions took");
  const upstreams = histogram("keelson.upstream.duration", "How long calls of upstreams took, retries included");
  const jobs = histogram("keelson.job.duration", "How long jobs ran that succeeded");
  const counting = { counting: true };

  const settled = new SeriesOf<EventMap["endpoint.settled"]>((event) => {
    const surface = surfaces.of(event.name);
    const name = bounds.word("endpoint", "name", event.name);
    // Past the bound an endpoint's route would tell it apart all the same.
    const known = name === event.name ? surface.attributes : { "keelson.name": name };
    return new Series(surface.http ? http : functions, { ...known, ...endingOf(surface, event) });
  });
  listening.to(
    "endpoint.settled",
    (event) => recordings.add(settled.of(event, event.name, event.status, event.code ?? ""), event.durationMs),
    counting,
  );
  const called = new SeriesOf<EventMap["upstream.settled"]>(
    ({ name, outcome }) =>
      new Series(upstreams, {
        "keelson.name": bounds.word("upstream", "name", name),
        "keelson.outcome": outcome,
        ...((outcome === "failure" || outcome === "rejected") && { "error.type": outcome }),
      }),
  );
  listening.to(
    "upstream.settled",
    (event) => recordings.add(called.of(event, event.name, 0, event.outcome), event.durationMs),
    counting,
  );
  const ran = new SeriesOf<EventMap["job.succeeded"]>(
    ({ name, tool }) =>
      new Series(jobs, {
        "keelson.name": bounds.word("job", "name", name),
        "keelson.tool": bounds.word("job", "tool", tool),
      }),
  );
  listening.to(
    "job.succeeded",
    (event) => recordings.add(ran.of(event, event.name, 0, event.tool), event.durationMs),
    counting,
  );
}

/** Observes what a snapshot knows, whenever metrics are collected. The returned function stops it. */
export function observeSnapshot(
  meter: Meter,
  kit: MeasuredHost,
  bounds: LabelBounds,
  recordings: Recordings,
  report: SinkErrorListener,
): () => void {
  const observed = FAMILIES.map((family) => {
    const { name, kind, unit, help: description } = family;
    const options = { unit, description };
    const instrument: Observable =
      kind === "counter"
        ? meter.createObservableCounter(`keelson.${name}`, options)
        : meter.createObservableGauge(`keelson.${name}`, options);
    return { family, instrument };
  });
  const instruments = observed.map(({ instrument }) => instrument);
  const collect: BatchObservableCallback = async (result) => {
    try {
      // Collected next: what was measured until now belongs to it.
      recordings.flush();
      const snapshot = await kit.snapshot();
      for (const { family, instrument } of observed) {
        for (const { labels, value } of bounds.fold(family.name, family.read(snapshot)))
          result.observe(instrument, value, attributesOf(labels));
      }
    } catch (error) {
      report(error);
    }
  };
  meter.addBatchObservableCallback(collect, instruments);
  return () => meter.removeBatchObservableCallback(collect, instruments);
}

function attributesOf(labels: Readonly<Record<string, string>>): Attributes {
  return Object.fromEntries(Object.entries(labels).map(([label, word]) => [`keelson.${label}`, word]));
}

/** A series is made once for each way that a name's calls end, and not for each call. */
class SeriesOf<E> {
  readonly #make: (event: E) => Series;
  readonly #kept = new Map<string, Map<number, Map<string, Series>>>();

  constructor(make: (event: E) => Series) {
    this.#make = make;
  }

  of(event: E, name: string, status: number, word: string): Series {
    return this.#kept.get(name)?.get(status)?.get(word) ?? this.#made(event, name, status, word);
  }

  #made(event: E, name: string, status: number, word: string): Series {
    const series = this.#make(event);
    const statuses = this.#kept.get(name) ?? new Map<number, Map<string, Series>>();
    const words = statuses.get(status) ?? new Map<string, Series>();
    if (this.#kept.size >= 10 * KEPT || statuses.size >= KEPT || words.size >= KEPT) return series;
    this.#kept.set(name, statuses.set(status, words.set(word, series)));
    return series;
  }
}
