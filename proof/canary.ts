/**
 * How often a canary is wrong, and how often it finds what is there: made-up canaries by the thousand, against the rule
 * that most dashboards have, "p95 is more than 10 % up". `npx tsx proof/canary.ts [trials]`.
 */
import { seeded } from "../src/core/seeded.js";
import { compareArms } from "../src/ops/canary/analysis.js";
import { canaryPolicySchema, DEFAULT_CANARY_POLICY } from "../src/ops/canary/policy.js";
import { type Simulated, simulatedArm } from "../src/ops/canary/simulated.fixture.js";

const trials = Number(process.argv[2] ?? 1_000);
/** The same without its least numbers of calls, to see what they are for. */
const unbounded = canaryPolicySchema.parse({
  schemaVersion: "1.0",
  samples: { inconclusiveBelow: 1, promoteFrom: 1, minBlocks: 1 },
});

/** Shares, in percent, of trials in which each rule says "worse". */
function alarms(n: number, control: Partial<Simulated>, candidate: Partial<Simulated>) {
  const found = { naive: 0, mannWhitney: 0, rule: 0, rollback: 0, promote: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const random = seeded(trial * 7_919);
    const arms = [
      simulatedArm({ random, n, side: 0, ...control }),
      simulatedArm({ random, n, side: 1, ...control, ...candidate }),
    ] as const;
    const free = compareArms(...arms, { policy: unbounded, seed: trial });
    const { verdict } = compareArms(...arms, { policy: DEFAULT_CANARY_POLICY, seed: trial });
    const latency = free.scenarios[0]?.latency;
    if ((latency?.ratio ?? 0) > 1.1) found.naive++;
    if (latency != null && latency.shift.p < 0.05 && latency.shift.shiftMs > 0) found.mannWhitney++;
    if (free.verdict === "rollback") found.rule++;
    if (verdict === "rollback") found.rollback++;
    if (verdict === "promote") found.promote++;
  }
  return Object.fromEntries(
    Object.entries(found).map(([rule, count]) => [rule, Number(((100 * count) / trials).toFixed(1))]),
  );
}

/** Noise that lasts as long as a block does, drawn for each block of each arm. */
const restless = (spread: number) => {
  const drawn = new Map<number, number>();
  const random = seeded(1);
  return (block: number, at: number) => {
    // A new canary begins with its first call, and knows none of the blocks before.
    if (at === 0) drawn.clear();
    const known = drawn.get(block) ?? spread * (2 * random() - 1) * Math.sqrt(3);
    drawn.set(block, known);
    return known;
  };
};

const worlds: readonly (readonly [title: string, control: Partial<Simulated>])[] = [
  ["independent calls", {}],
  ["waves of load that both arms meet", { wave: (block) => 0.2 * Math.sin(block / 3) }],
  ["a level of each block's own, ±10 %", { wave: restless(0.1) }],
];
const candidates: readonly (readonly [title: string, candidate: Partial<Simulated>])[] = [
  ["no different", {}],
  ["all calls 1.25 times as long", { times: 1.25 }],
  ["only the slowest tenth 1.25 times as long", { tailTimes: 1.25 }],
];

console.log(`${trials} canaries each, log-normal latencies with sigma 0.5; per cent of them\n`);
for (const [world, control] of worlds) {
  console.log(`\n${world}`);
  const rows = candidates.flatMap(([candidate, options]) =>
    [100, 500, 1_000].map((n) => ({ candidate, n, ...alarms(n, control, options) })),
  );
  console.table(rows);
}
