import type { Attributes, BatchObservableCallback, Histogram, Meter, Observable } from "@opentelemetry/api";
import type { EventMap } from "../../core/events.js";
import { DURATION_BOUNDS } from "../../sinks/durations.js";
import { FAMILIES } from "../../sinks/families.js";
import type { LabelBounds } from "../../sinks/label-bounds.js";
import type { Listening, MeasuredHost, SinkErrorListener } from "../../sinks/sink.js";
import type { Recordings } from "./recordings.js";
import { endingOf, type Surfaces } from "./surfaces.js";

/** Sets of attributes of one name that are made once and kept. */
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

  const settled = new AttributeSets<EventMap["endpoint.settled"]>((event) => {
    const surface = surfaces.of(event.name);
    const name = bounds.word("endpoint", "name", event.name);
    // Past the bound an endpoint's route would tell it apart all the same.
    const known = name === event.name ? surface.attributes : { "keelson.name": name };
    return { ...known, ...endingOf(surface, event) };
  });
  listening.to(
    "endpoint.settled",
    (event) => {
      const instrument = surfaces.of(event.name).http ? http : functions;
      recordings.add(instrument, event.durationMs, settled.of(event, event.name, event.status, event.code ?? ""));
    },
    counting,
  );
  const called = new AttributeSets<EventMap["upstream.settled"]>(({ name, outcome }) => ({
    "keelson.name": bounds.word("upstream", "name", name),
    "keelson.outcome": outcome,
    ...((outcome === "failure" || outcome === "rejected") && { "error.type": outcome }),
  }));
  listening.to(
    "upstream.settled",
    (event) => recordings.add(upstreams, event.durationMs, called.of(event, event.name, 0, event.outcome)),
    counting,
  );
  const ran = new AttributeSets<EventMap["job.succeeded"]>(({ name, tool }) => ({
    "keelson.name": bounds.word("job", "name", name),
    "keelson.tool": bounds.word("job", "tool", tool),
  }));
  listening.to(
    "job.succeeded",
    (event) => recordings.add(jobs, event.durationMs, ran.of(event, event.name, 0, event.tool)),
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

/** Attributes are made once for each way that a name's calls end, and not for each call. */
class AttributeSets<E> {
  readonly #make: (event: E) => Attributes;
  readonly #sets = new Map<string, Map<number, Map<string, Attributes>>>();

  constructor(make: (event: E) => Attributes) {
    this.#make = make;
  }

  of(event: E, name: string, status: number, word: string): Attributes {
    return this.#sets.get(name)?.get(status)?.get(word) ?? this.#kept(event, name, status, word);
  }

  #kept(event: E, name: string, status: number, word: string): Attributes {
    const attributes = this.#make(event);
    const statuses = this.#sets.get(name) ?? new Map<number, Map<string, Attributes>>();
    const words = statuses.get(status) ?? new Map<string, Attributes>();
    if (this.#sets.size >= 10 * KEPT || statuses.size >= KEPT || words.size >= KEPT) return attributes;
    this.#sets.set(name, statuses.set(status, words.set(word, attributes)));
    return attributes;
  }
}
