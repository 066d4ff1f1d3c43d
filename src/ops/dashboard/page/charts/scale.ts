/** Where figures are on a chart. Coordinates are in per cent, so that a chart fits whatever room it is given. */

/** Maps a range of figures to per cent: `0` is left or top. */
export type Scale = (value: number) => number;

/** From `[from, to]` to `[start, end]` per cent. A range without extent maps to the middle. */
export function linear(from: number, to: number, start = 0, end = 100): Scale {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/**
 * Round figures from 0 to at least `max`: steps of 1, 2, 2.5 or 5 times a power of ten.
 *
 * @param steps about how many
 */
export function ticks(max: number, steps = 4): number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0, 1];
  const raw = max / steps;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const count = Math.ceil(Number((max / step).toFixed(9)));
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

/**
 * Moves labels so that none covers another, keeping their order and as near to where they belong as can be.
 *
 * @param at where each belongs, in any order
 * @param gap what they must be apart
 * @param max none may be below 0 or above it
 */
export function spread(at: readonly number[], gap: number, max: number): number[] {
  const order = at.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const placed: number[] = [];
  for (const { value } of order) placed.push(Math.max(value, (placed.at(-1) ?? -gap) + gap));
  // What was pushed over the edge goes back, and pushes the others in its turn.
  for (let n = placed.length - 1, limit = max; n >= 0; n--) {
    placed[n] = Math.max(0, Math.min(placed[n] as number, limit));
    limit = (placed[n] as number) - gap;
  }
  const result: number[] = new Array(at.length).fill(0);
  for (const [n, { index }] of order.entries()) result[index] = placed[n] as number;
  return result;
}

/** A coordinate as attributes have it. */
export function percent(value: number): string {
  return `${Number(value.toFixed(2))}%`;
}
