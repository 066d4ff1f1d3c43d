import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** Runs the measured thing `n` times. Each contestant brings its own loop, so that the engine can specialise it. */
export type Loop = (n: number) => Promise<void> | void;

/** One of our paths against one of a peer's, doing the same work. */
export interface Contest {
  readonly path: string;
  readonly ours: Loop;
  readonly peer: Loop;
  readonly peerName: string;
  /** The ratio ours ÷ peer must not exceed this. */
  readonly target: number;
  /** Calls in one sample. */
  readonly calls: number;
  /** Calls in one sample of the peer's, where it is so slow that fewer do. */
  readonly peerCalls?: number;
}

/** A line of the result. `ours` and `peer` are in `unit`, less is better. */
export interface Row {
  readonly path: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  readonly ratio: number;
  /** Between which the ratio lies with a confidence of 90 %, where that is known. */
  readonly between?: readonly [low: number, high: number];
  readonly target: number;
  readonly met: boolean;
}

const ROUNDS = 21;

/**
 * Runs a contest: both sides in turn, the first of each round changing, so that a machine whose speed drifts slows
 * both alike. The figures are medians; the ratio is the median of the rounds' own ratios.
 */
export async function compete(contest: Contest): Promise<Row> {
  const peerCalls = contest.peerCalls ?? contest.calls;
  await contest.ours(contest.calls);
  await contest.peer(peerCalls);
  await contest.ours(contest.calls);
  await contest.peer(peerCalls);
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) ours.push(await time(contest.ours, contest.calls));
    peer.push(await time(contest.peer, peerCalls));
    if (round % 2 === 1) ours.push(await time(contest.ours, contest.calls));
  }
  return row(contest, median(ours), median(peer), median(ours.map((ns, i) => ns / (peer[i] ?? Number.NaN))), "ns");
}

/** Makes a line of the result. */
export function row(
  contest: Pick<Contest, "path" | "peerName" | "target">,
  ours: number,
  peer: number,
  ratio: number,
  unit: string,
): Row {
  const { path, peerName, target } = contest;
  return { path, ours, peer, peerName, unit, ratio, target, met: ratio <= target };
}

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

async function time(loop: Loop, calls: number): Promise<number> {
  const start = process.hrtime.bigint();
  await loop(calls);
  return Number(process.hrtime.bigint() - start) / calls;
}

/** Heap and buffers in use, after collecting what nobody holds. Needs `--expose-gc`. */
export function memoryInUse(): number {
  if (globalThis.gc === undefined) throw new Error("run node with --expose-gc");
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Prints a suite's lines as a table and writes them to `.output/bench/<suite>.json`. */
export function report(suite: string, rows: readonly Row[]): void {
  const head = ["path", "ours", "peer", "", "ratio", rows.some(({ between }) => between) ? "90 %" : "", "target", ""];
  const lines = rows.map((line) => [
    line.path,
    `${shown(line.ours)} ${line.unit}`,
    `${shown(line.peer)} ${line.unit}`,
    line.peerName,
    line.ratio.toFixed(3),
    line.between?.map((bound) => bound.toFixed(3)).join(" – ") ?? "",
    `≤ ${line.target.toFixed(3)}`,
    line.met ? "met" : "NOT MET",
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const print = (cells: readonly string[]) =>
    console.log(`  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
  console.log(`\n${suite} (node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"})`);
  print(head);
  for (const line of lines) print(line);
  mkdirSync(".output/bench", { recursive: true });
  writeFileSync(`.output/bench/${suite}.json`, `${JSON.stringify(rows, null, 2)}\n`);
}

function shown(figure: number): string {
  if (figure >= 1000) return Math.round(figure).toLocaleString("en");
  return figure >= 100 ? figure.toFixed(0) : figure.toFixed(1);
}
