import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import { policyOf, type Workspace } from "../config/load.js";
import { type SloBaseline, sloBaselineSchema } from "../config/slo.js";
import { UnavailableError, UsageError } from "../failure.js";
import type { ProbeData } from "../probe/result.js";
import { fetchSnapshot, type LiveSnapshot } from "../snapshot/fetch.js";
import type { Check, RawCheck } from "../verdict.js";
import { judgeBurn } from "./burn.js";
import { decide } from "./decide.js";
import { liveBurnChecks } from "./live-burn.js";
import { type GatePolicy, gatePolicySchema } from "./policy.js";
import type { GateData } from "./result.js";
import { snapshotChecks } from "./snapshot-checks.js";

/** What is read of a drill. */
export interface GateDrill {
  readonly profile: string;
  readonly burn: readonly {
    readonly slo: string;
    readonly long: { readonly valid: number; readonly bad: number; readonly sec: number };
    readonly short: { readonly valid: number; readonly bad: number; readonly sec: number };
  }[];
}

/** The runs that a gate is founded on. */
export interface GateParts {
  probes(): Promise<Artefact<"synthetic-probes", ProbeData>>;
  drill(policy: GatePolicy["drill"]): Promise<Artefact<"load-drill", GateDrill>>;
  /** Is told what comes next. */
  onPart?: (part: "probes" | "drill" | "snapshot") => void;
}

/**
 * Whether what is at the target may be released: probes, a snapshot, a drill, a snapshot again, burn rates, each check
 * with its owner, decided by the policy. Where probes fail there is no drill: load tells nothing of what doesn't work.
 *
 * @throws {UsageError} when a policy file is missing or wrong
 * @throws {UnavailableError} when the target can't be reached
 */
export async function runGate(workspace: Workspace, parts: GateParts): Promise<Artefact<"release-gate", GateData>> {
  const { io, owners } = workspace;
  const began = io.now();
  const policy = await policyOf(workspace, "gate", gatePolicySchema);
  const baseline = await policyOf(workspace, "slo", sloBaselineSchema);
  const raw: RawCheck[] = [];
  const checks: Check[] = [];

  parts.onPart?.("probes");
  const probes = await parts.probes();
  checks.push(...probes.checks);
  parts.onPart?.("snapshot");
  const before = await snapshotNow(workspace);
  const drill = probes.verdict === "fail" || io.signal.aborted ? null : await drillOf(parts, policy);
  if (drill !== null) {
    checks.push(...drill.checks);
    raw.push(...drillBurnChecks(drill.data, baseline, policy));
  } else raw.push({ id: "drill", title: "holds under load", verdict: "skipped", reason: "not run: probes failed" });
  const after = drill === null ? before : await snapshotNow(workspace);
  raw.push(...aboutSnapshots(before, after, io.now().getTime(), policy, baseline));

  checks.push(...raw.map((check) => owners.complete(check)));
  const { verdict, reasons, ignored } = decide(checks, policy.rules);
  const live = after instanceof Error ? null : after;
  return makeArtefact(workspace, "release-gate", began, {
    verdict: io.signal.aborted ? "interrupted" : verdict,
    checks,
    data: {
      reasons: [...reasons],
      ignored: [...ignored],
      probes: { id: probes.id, verdict: probes.verdict },
      drill: drill === null ? null : { id: drill.id, verdict: drill.verdict, profile: drill.data.profile },
      snapshot:
        live === null ? null : { service: live.service, bootId: live.bootId, at: live.at, uptimeMs: live.uptimeMs },
    },
  });
}

function drillOf(parts: GateParts, policy: GatePolicy) {
  parts.onPart?.("drill");
  return parts.drill(policy.drill);
}

/** A snapshot, or why there is none: the gate then says so, and decides by its other checks. */
async function snapshotNow(workspace: Workspace): Promise<LiveSnapshot | UnavailableError | null> {
  if (workspace.config.snapshot === undefined) return null;
  try {
    return await fetchSnapshot(workspace);
  } catch (error) {
    if (error instanceof UnavailableError) return error;
    throw error;
  }
}

function aboutSnapshots(
  before: LiveSnapshot | Error | null,
  after: LiveSnapshot | Error | null,
  now: number,
  policy: GatePolicy,
  baseline: SloBaseline,
): RawCheck[] {
  const check = { id: "snapshot:had", title: "the service says how it is doing" };
  if (before === null || after === null)
    return [{ ...check, verdict: "inconclusive", reason: "the configuration doesn't say where the snapshot is" }];
  const failure = [before, after].find((one) => one instanceof Error);
  if (before instanceof Error || after instanceof Error)
    return [{ ...check, verdict: "error", reason: failure?.message ?? "" }];
  return [
    { ...check, verdict: "pass" },
    ...snapshotChecks({ before, after, now }, policy.snapshot),
    ...liveBurnChecks(after, baseline, policy.burn.live),
  ];
}

function drillBurnChecks({ burn }: GateDrill, { slos }: SloBaseline, { burn: { drill } }: GatePolicy): RawCheck[] {
  return burn.map(({ slo: id, long, short }) => {
    const slo = slos.find((one) => one.id === id);
    if (slo === undefined) throw new UsageError(`the drill tells of an SLO ${id} that isn't in the baseline`);
    const check = judgeBurn(`burn:${id}`, `${id} keeps its budget under load`, {
      long: { ...long, coveredSec: long.sec },
      short: { ...short, coveredSec: short.sec },
      threshold: drill.threshold,
      objective: slo.objective,
    });
    return { ...check, owner: slo.owner, ...(slo.runbook !== undefined && { runbook: slo.runbook }) };
  });
}
