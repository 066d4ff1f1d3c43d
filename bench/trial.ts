/**
 * Contenders in processes of their own, measured in turn, in several blocks that each begin with new processes: what an
 * engine happens to make of a program differs from one start to the next by more than what is to be told apart, and so do
 * two moments of a machine that others use.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median, type Row, row } from "./harness.js";

/** What a request took: of the clock, and of the CPU. */
export interface Measured {
  readonly time: number;
  readonly cpu: number;
}

/** A contender that runs. */
export interface Contender {
  measure(): Promise<Measured>;
  stop(): void;
}

/** By block and round, what each contender took. */
type Figures = ReadonlyMap<string, readonly (readonly Measured[])[]>;

/** How often everything is begun anew, how often each contender is measured then, and how often before it counts. */
export interface TrialSize {
  readonly blocks: number;
  readonly rounds: number;
  readonly warmUps: number;
}

/** Measures contenders. */
export async function trial(
  contenders: Readonly<Record<string, () => Promise<Contender>>>,
  { blocks, rounds, warmUps }: TrialSize,
): Promise<Figures> {
  const figures = new Map<string, Measured[][]>(Object.keys(contenders).map((name) => [name, []]));
  for (let block = 0; block < blocks; block++) {
    const running = new Map<string, Contender>();
    for (const [name, start] of Object.entries(contenders)) running.set(name, await start());
    for (const [name, contender] of running) {
      for (let n = 0; n < warmUps; n++) await contender.measure();
      figures.get(name)?.push([]);
    }
    for (let round = 0; round < rounds; round++) {
      // Each time another one is first, and every other time backwards: who follows whom must not matter.
      const order = rotated([...running], block + round);
      for (const [name, contender] of round % 2 === 0 ? order : order.reverse())
        figures.get(name)?.[block]?.push(await contender.measure());
    }
    for (const contender of running.values()) contender.stop();
  }
  return figures;
}

/** Ours against a peer, as two lines: the CPU and the time of a request. */
export function compared(
  figures: Figures,
  path: string,
  [ours, peer]: readonly [ours: string, peer: string],
  target: number,
  unit: string,
): Row[] {
  const [mine, theirs] = [figures.get(ours) ?? [], figures.get(peer) ?? []];
  return (["cpu", "time"] as const).map((kind) => {
    const ratios = mine.map((rounds, block) =>
      median(rounds.map((one, round) => one[kind] / (theirs[block]?.[round]?.[kind] ?? Number.NaN))),
    );
    const all = (blocks: readonly (readonly Measured[])[]) => median(blocks.flat().map((one) => one[kind]));
    const label = `${path}: ${kind === "cpu" ? "CPU" : "time"}`;
    const line = row({ path: label, peerName: peer, target }, all(mine), all(theirs), median(ratios), unit);
    return { ...line, between: intervalOf(ratios) };
  });
}

/**
 * Between which figures the median lies with a confidence of 90 % or more, whatever they are distributed like: the
 * narrowest pair of order statistics (H. A. David, H. N. Nagaraja: Order Statistics, 7.1). Of fewer than five figures, the
 * extremes.
 */
export function intervalOf(figures: readonly number[]): readonly [low: number, high: number] {
  const sorted = [...figures].sort((a, b) => a - b);
  const n = sorted.length;
  let [cut, tail, ways] = [0, 0.5 ** n, 1];
  for (;;) {
    ways = (ways * (n - cut)) / (cut + 1);
    const next = tail + ways * 0.5 ** n;
    if (1 - 2 * next < 0.9) break;
    tail = next;
    cut++;
  }
  return [sorted[cut] as number, sorted[n - 1 - cut] as number];
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** Starts this very suite again, to be a contender: `ready` is the first that it says. */
export async function startAs(name: string): Promise<{ child: ChildProcess; ready: unknown }> {
  const child = fork(fileURLToPath(import.meta.url), [name], { stdio: "inherit" });
  const [ready] = await once(child, "message");
  return { child, ready };
}
