import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";

/** An hour, in microseconds. Longer ones are counted as an hour, and how many were is said. */
const LONGEST_US = 3_600_000_000;
/** Values of one bucket share their upper eleven bits: three digits, as HDR histograms lay them out. */
const HALF_BITS = 10;
const HALF = 1 << HALF_BITS;
const SLOTS = slotOf(LONGEST_US) + 1;

/** A histogram of latencies, and what is read from it; `null` is without samples. */
export interface LatencySummary {
  readonly n: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p75Ms: number | null;
  readonly p90Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** Samples that ended at their time-out, and would have taken longer. */
  readonly censored: number;
  /** Samples above an hour. */
  readonly clamped: number;
  /** HDR V2, base64: microseconds, three digits, to be merged. */
  readonly hdr: string | null;
}

/**
 * Latencies in microseconds, to three digits. Counts are laid out as HdrHistogram does, which reads and writes them; but
 * counted here, in a tenth of the time that its recordValue takes.
 */
export class Latencies {
  #counts: Uint32Array | undefined;
  #n = 0;
  #sum = 0;
  #max = 0;
  #clamped = 0;
  #censored = 0;

  get n(): number {
    return this.#n;
  }

  /** @param censored it ended at its time-out */
  record(us: number, censored = false): void {
    this.#counts ??= new Uint32Array(SLOTS);
    let value = us > 0 ? Math.round(us) : 0;
    if (value > LONGEST_US) {
      value = LONGEST_US;
      this.#clamped++;
    }
    const slot = slotOf(value);
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
    this.#n++;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
    if (censored) this.#censored++;
  }

  /** Adds all samples of another. */
  add(other: Latencies): void {
    if (other.#counts === undefined) return;
    this.#counts ??= new Uint32Array(SLOTS);
    for (let slot = 0; slot < SLOTS; slot++) {
      const more = other.#counts[slot] as number;
      if (more > 0) this.#counts[slot] = (this.#counts[slot] as number) + more;
    }
    this.#n += other.#n;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
    this.#clamped += other.#clamped;
    this.#censored += other.#censored;
  }

  summary(): LatencySummary {
    const { censored, clamped } = { censored: this.#censored, clamped: this.#clamped };
    const none = { meanMs: null, p50Ms: null, p75Ms: null, p90Ms: null, p95Ms: null, p99Ms: null, maxMs: null };
    if (this.#n === 0) return { n: 0, ...none, censored, clamped, hdr: null };
    const hdr = this.#hdr();
    // The upper end of a bucket may lie above the highest value there was.
    const ms = (percentile: number) => Math.min(hdr.getValueAtPercentile(percentile), this.#max) / 1000;
    return {
      n: this.#n,
      meanMs: Math.round(this.#sum / this.#n) / 1000,
      p50Ms: ms(50),
      p75Ms: ms(75),
      p90Ms: ms(90),
      p95Ms: ms(95),
      p99Ms: ms(99),
      maxMs: this.#max / 1000,
      censored,
      clamped,
      hdr: encodeIntoCompressedBase64(hdr),
    };
  }

  /** Milliseconds that so many percent stay within, to three digits; `null` without samples. */
  percentileMs(percentile: number): number | null {
    return this.#n === 0 ? null : Math.min(this.#hdr().getValueAtPercentile(percentile), this.#max) / 1000;
  }

  #hdr(): Histogram {
    const hdr = emptyHdr();
    this.#counts?.forEach((count, slot) => {
      if (count > 0) hdr.recordValueWithCount(lowestOf(slot), count);
    });
    return hdr;
  }
}

/**
 * The histogram in an artefact: microseconds, three digits. They are merged by `add`, which takes histograms of the same
 * range: all that drills write have it.
 *
 * @throws {Error} when it is no HDR V2 histogram
 */
export function histogramOf(base64: string): Histogram {
  return decodeFromCompressedBase64(base64, 32);
}

function emptyHdr(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
}

/** Which count a value belongs to: HdrHistogram's countsArrayIndex for a unit of 1 and three digits. */
function slotOf(value: number): number {
  const bucket = Math.max(0, 31 - Math.clz32(value) - HALF_BITS);
  return bucket * HALF + (value >>> bucket);
}

/** The lowest value of a count. */
function lowestOf(slot: number): number {
  const bucket = Math.max(0, Math.floor(slot / HALF) - 1);
  return (slot - bucket * HALF) * 2 ** bucket;
}
