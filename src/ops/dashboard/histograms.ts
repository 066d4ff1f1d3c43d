import * as hdr from "hdr-histogram-js";

/** Longer ones are no histogram of an hour in three digits; what they would unpack to isn't worth finding out. */
const MAX_BASE64 = 200_000;

/** Percentiles of several runs together, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly count: number;
}

/**
 * The percentiles of all samples of several histograms: they are added up, for an average of percentiles is the
 * percentile of nothing.
 *
 * @param encoded HDR histograms of microseconds, V2, compressed, in base64
 * @returns `null` when there is no sample, or one of them can't be read
 */
export function mergedPercentiles(encoded: readonly string[]): Percentiles | null {
  const [first, ...others] = encoded.map(decoded);
  if (first === undefined || first === null) return null;
  for (const other of others) {
    if (other === null) return null;
    first.add(other);
  }
  // An empty histogram says 0, which is a latency, and nobody's.
  if (first.totalCount === 0) return null;
  const at = (percentile: number) => first.getValueAtPercentile(percentile) / 1_000;
  return { p50: at(50), p95: at(95), p99: at(99), count: first.totalCount };
}

function decoded(text: string): hdr.Histogram | null {
  if (text.length > MAX_BASE64) return null;
  try {
    const histogram = hdr.decodeFromCompressedBase64(text, 32, false);
    histogram.autoResize = true;
    return histogram;
  } catch {
    // Of a text from a file, that it is no histogram is an answer.
    return null;
  }
}
