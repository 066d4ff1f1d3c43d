/**
 * Eight processes hammer one limiter of every algorithm on Redis, with and without prefetch: never is more admitted than
 * its definition allows.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LimiterOptions } from "../src/index.js";
import { provide, redisServer } from "../test/setup/provide.js";
import { startRedis } from "../test/setup/redis.js";
import type { Deed, Order } from "./hammer.js";

const PROCESSES = 8;
const seconds = Number(process.argv[2] ?? 10);
const LIMIT = 2_000;
const PER = 1_000;

interface Case {
  readonly title: string;
  readonly options: LimiterOptions;
  readonly second?: Order["second"];
  /** The most units over what the definition allows, in all spans; 0 or less is right. */
  excess(times: readonly number[]): number;
}

/** Over any span: at most `burst`, and `LIMIT` for each `PER` of it. Times are whole milliseconds: one may be lost. */
const steady =
  (burst: number, limit = LIMIT) =>
  (times: readonly number[]) => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const [i, at] of times.entries()) {
      const come = (limit * at) / PER;
      least = Math.min(least, i - come);
      most = Math.max(most, i + 1 - come - least);
    }
    return most - burst - (2 * limit) / PER;
  };

/** Over any span of a window's length: at most so many times the limit. */
const windows =
  (times: number, limit = LIMIT) =>
  (at: readonly number[]) => {
    let most = 0;
    for (let from = 0, until = 0; from < at.length; from++) {
      while (until < at.length && (at[until] as number) < (at[from] as number) + PER) until++;
      most = Math.max(most, until - from);
    }
    return most - times * limit;
  };

// Eight processes on a few cores: what matters here is what is admitted, not when.
const limits = { limit: LIMIT, per: PER, deadline: "10s" } as const;
const prefetch = { tokens: 100, hold: 100 };
const cases: readonly Case[] = [
  { title: "gcra", options: { algorithm: "gcra", ...limits }, excess: steady(LIMIT) },
  { title: "token-bucket", options: { algorithm: "token-bucket", ...limits }, excess: steady(LIMIT) },
  { title: "sliding-log", options: { algorithm: "sliding-log", ...limits }, excess: windows(1) },
  { title: "sliding-window", options: { algorithm: "sliding-window", ...limits }, excess: windows(2) },
  { title: "fixed-window", options: { algorithm: "fixed-window", ...limits }, excess: windows(2) },
  { title: "gcra, prefetch", options: { algorithm: "gcra", ...limits, prefetch }, excess: steady(LIMIT) },
  {
    title: "token-bucket, prefetch",
    options: { algorithm: "token-bucket", ...limits, prefetch },
    excess: steady(LIMIT),
  },
  {
    title: "sliding-window, prefetch",
    options: { algorithm: "sliding-window", ...limits, prefetch },
    excess: windows(2),
  },
  { title: "fixed-window, prefetch", options: { algorithm: "fixed-window", ...limits, prefetch }, excess: windows(2) },
  ...(["atomic", "compensated"] as const).flatMap((second): Case[] => [
    {
      title: `gcra, two limits ${second}`,
      options: { algorithm: "gcra", ...limits },
      second,
      excess: steady(LIMIT / 2, LIMIT / 2),
    },
    {
      title: `sliding-log, two limits ${second}`,
      options: { algorithm: "sliding-log", ...limits },
      second,
      excess: windows(1, LIMIT / 2),
    },
  ]),
];

const server = await startRedis(provide(redisServer));
const url = `redis://${server.host}:${server.port}`;
let failed = false;
const only = process.argv[3];
for (const { title, options, second, excess } of cases) {
  if (only !== undefined && !title.includes(only)) continue;
  const order = {
    url,
    prefix: `proof-${title.replaceAll(/\W+/g, "-")}`,
    options,
    forMs: seconds * 1_000,
    ...(second && { second }),
  };
  const deeds = await Promise.all(Array.from({ length: PROCESSES }, () => deedOf(order)));
  const times = deeds.flatMap(({ admittedAt }) => admittedAt).sort((a, b) => a - b);
  const sum = (of: (deed: Deed) => number) => deeds.reduce((total, deed) => total + of(deed), 0);
  const over = excess(times);
  const degraded = sum((deed) => deed.degraded);
  // Half of what the definition allows, at least: a limiter that admits nothing proves nothing.
  const least = (LIMIT * seconds) / (second === undefined ? 2 : 4);
  const held = over <= 0 && degraded === 0 && times.length > least;
  failed ||= !held;
  console.log(
    `${held ? "held  " : "BROKEN"}  ${title.padEnd(35)} ${sum((deed) => deed.asked)} asked, ${times.length} admitted, ` +
      `${over <= 0 ? `${Math.floor(-over)} below` : `${Math.ceil(over)} ABOVE`} the definition at the tightest, ${degraded} degraded`,
  );
}
await server.stop();
process.exit(failed ? 1 : 0);

function deedOf(order: Order): Promise<Deed> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(fileURLToPath(new URL("hammer.ts", import.meta.url)), {
      execArgv: ["--import", "tsx"],
    });
    child.once("message", (deed: Deed) => resolve(deed));
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code !== 0) reject(new Error(`a process ended with ${code}`));
    });
    child.send(order);
  });
}
