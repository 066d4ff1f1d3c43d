import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import { policyOf, type Workspace } from "../config/load.js";
import { type SloBaseline, sloBaselineSchema } from "../config/slo.js";
import { UsageError } from "../failure.js";
import { chosen } from "../filter.js";
import { HttpClient } from "../http/exchange.js";
import { preflight } from "../http/preflight.js";
import type { ProbeData } from "../probe/result.js";
import { compareArms } from "./analysis.js";
import type { ProbeMeasured, SloLimits } from "./arms.js";
import { EarlyAbort } from "./early-abort.js";
import { runHook } from "./hook.js";
import { ArmRecord, type AskArm, measureArms } from "./measure.js";
import { type CanaryPolicy, canaryPolicySchema } from "./policy.js";
import type { CanaryData } from "./result.js";
import { type ArmName, canarySchedule } from "./schedule.js";

/** Options of {@link runCanary}. */
export interface CanaryOptions {
  /** Address of what runs as it did. Default: the target. */
  readonly control?: string;
  /** Address of what is to be released. */
  readonly candidate: string;
  /** Names of scenarios. Default: the policy's, or all. */
  readonly scenarios?: readonly string[];
  /** Is told of each block before it begins. */
  readonly onBlock?: (block: number, of: number, arm: ArmName) => void;
}

/** The runs that a canary is founded on. */
export interface CanaryParts {
  probes(workspace: Workspace): Promise<Artefact<"synthetic-probes", ProbeData>>;
  /** Warms both arms up, and answers how to ask them; `close` ends all connections. */
  load(
    arms: Readonly<Record<ArmName, Workspace>>,
    scenarios: readonly string[],
    load: CanaryPolicy["load"],
  ): Promise<{ readonly ask: AskArm; close(): Promise<void> }>;
}

/**
 * Compares a candidate with what runs now: both are probed, and asked in blocks that take turns in random order, from one
 * process. A regression rolls back, and runs the policy's command; too few calls hold.
 *
 * @throws {UsageError} when a policy is missing or wrong, or scenarios are named that aren't there
 * @throws {UnavailableError} when an arm can't be reached before anything was measured
 */
export async function runCanary(
  workspace: Workspace,
  options: CanaryOptions,
  parts: CanaryParts,
): Promise<Artefact<"canary-check", CanaryData>> {
  const { config, io, owners, folder } = workspace;
  const began = io.now();
  const policy = await policyOf(workspace, "canary", canaryPolicySchema);
  const baseline = await policyOf(workspace, "slo", sloBaselineSchema);
  const filter = options.scenarios ?? policy.load.scenarios;
  const names = chosen(Object.keys(config.scenarios), (name) => name, filter, "--scenarios");
  if (names.length === 0) throw new UsageError("there are no scenarios to compare: the configuration has none");
  chosen(Object.keys(config.scenarios), (name) => name, Object.keys(policy.scenarios), "canary policy: scenarios");
  const arms = {
    control: aimed(workspace, options.control ?? config.target.url),
    candidate: aimed(workspace, options.candidate),
  };
  await bothAnswer(arms, io.signal);
  const probes = { control: await probed(parts, arms.control), candidate: await probed(parts, arms.candidate) };
  const critical = Object.fromEntries(names.map((name) => [name, config.scenarios[name]?.critical ?? true]));
  const records = { control: new ArmRecord(critical), candidate: new ArmRecord(critical) };
  const abort = new EarlyAbort(policy.earlyAbort);
  const schedule = canarySchedule(policy.load.pairs, config.seed);
  const load = await parts.load(arms, names, policy.load);
  let done = 0;
  try {
    const ask: AskArm = async (arm, block) => {
      options.onBlock?.(block.block, schedule.length, arm);
      const calls = await load.ask(arm, block);
      done++;
      return calls;
    };
    await measureArms(schedule, ask, records, abort, io.signal);
  } finally {
    await load.close();
  }

  const arm = (name: ArmName) => ({ scenarios: records[name].scenarios, probes: probes[name] });
  const [control, candidate] = [arm("control"), arm("candidate")];
  const analysis = compareArms(control, candidate, {
    policy,
    limits: limitsOf(baseline, names),
    seed: config.seed,
    earlyAbort: abort.report(),
  });
  // Interrupted, it has seen too little to say anything but that.
  const verdict = io.signal.aborted ? "interrupted" : analysis.verdict;
  const hook =
    verdict === "rollback" && policy.onRollback !== undefined
      ? await runHook(policy.onRollback, { ...io.env, KEELSON_VERDICT: "rollback" }, folder)
      : null;
  return makeArtefact(workspace, "canary-check", began, {
    verdict,
    checks: analysis.checks.map(({ scenario: _, ...check }) => owners.complete(check)),
    data: {
      control: arms.control.config.target.url,
      candidate: arms.candidate.config.target.url,
      reasons: [...analysis.reasons],
      criteria: analysis.criteria.map((criterion) => ({ ...criterion, by: [...criterion.by] })),
      scenarios: analysis.scenarios.map(({ scenario, critical: matters, latency, rates }, at) => ({
        scenario,
        critical: matters,
        control: { ...(control.scenarios[at] as (typeof control.scenarios)[number]).counts },
        candidate: { ...(candidate.scenarios[at] as (typeof candidate.scenarios)[number]).counts },
        compared: { latency, rates },
      })),
      blocks: { planned: schedule.length, done },
      hook,
    },
  });
}

/** The same configuration, aimed at another address. */
function aimed(workspace: Workspace, url: string): Workspace {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`${JSON.stringify(url)}: expected an http(s) address`);
  return { ...workspace, config: { ...workspace.config, target: { ...workspace.config.target, url } } };
}

async function bothAnswer(arms: Readonly<Record<ArmName, Workspace>>, signal: AbortSignal): Promise<void> {
  for (const { config } of [arms.control, arms.candidate]) {
    const client = new HttpClient({ insecureTls: config.target.insecureTls });
    try {
      await preflight(client, config.target, signal);
    } finally {
      await client.close();
    }
  }
}

async function probed(parts: CanaryParts, arm: Workspace): Promise<ProbeMeasured[]> {
  const { probes, derivedProbes } = arm.config;
  if (probes.length === 0 && derivedProbes === undefined) return [];
  const { data } = await parts.probes(arm);
  return data.probes.map(({ id, critical, passed }) => ({ id, critical, passed }));
}

/** Limits that hold whatever control does, for scenarios that have an SLO of their own. */
function limitsOf({ slos }: SloBaseline, names: readonly string[]): Record<string, SloLimits> {
  return Object.fromEntries(
    slos.flatMap(({ scenario, p95Ms, objective }) =>
      typeof scenario === "string" && names.includes(scenario)
        ? [[scenario, { ...(p95Ms !== undefined && { p95Ms }), maxErrorRate: Number((1 - objective).toPrecision(12)) }]]
        : [],
    ),
  );
}
