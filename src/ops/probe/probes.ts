import { seeded } from "../../core/seeded.js";
import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import { Redactor } from "../artefact/redact.js";
import type { Workspace } from "../config/load.js";
import type { Target } from "../config/request.js";
import { UsageError } from "../failure.js";
import { chosen } from "../filter.js";
import { HttpClient } from "../http/exchange.js";
import { preflight } from "../http/preflight.js";
import { targetOf } from "../http/targets.js";
import { surfaceOf } from "../snapshot/surface.js";
import { type RawCheck, worst } from "../verdict.js";
import { derivedProbes, runDerivedProbe } from "./derived.js";
import type { ProbeData, ProbeResult } from "./result.js";
import { runProbe } from "./run-probe.js";

/** Options of {@link runProbes}. */
export interface ProbeOptions {
  /** Ids of probes, with `*` for any part. Default: all. */
  readonly only?: readonly string[];
  /** Is told of each probe as it ends. */
  readonly onProbe?: (result: ProbeResult) => void;
}

/** A probe, ready to run. */
interface Planned {
  readonly id: string;
  readonly target: Target;
  run(client: HttpClient): Promise<ProbeResult>;
}

/**
 * Runs the configuration's probes and those that follow from the surface, one after the other: they are few, and what
 * one leaves behind must not depend on chance.
 *
 * @throws {UsageError} when there are none, or a filter matches none
 * @throws {UnavailableError} when a target can't be reached at all
 */
export async function runProbes(
  workspace: Workspace,
  { only, onProbe }: ProbeOptions = {},
): Promise<Artefact<"synthetic-probes", ProbeData>> {
  const { io, owners } = workspace;
  const began = io.now();
  const secrets = new Set<string>();
  const planned = chosen(await plan(workspace, (value) => secrets.add(value)), ({ id }) => id, only, "--only");
  if (planned.length === 0)
    throw new UsageError("there are no probes: the configuration has neither probes nor derivedProbes");
  const results: ProbeResult[] = [];
  const clients = new Map<boolean, HttpClient>();
  const clientOf = ({ insecureTls }: Target) => {
    const client = clients.get(insecureTls) ?? new HttpClient({ insecureTls });
    clients.set(insecureTls, client);
    return client;
  };
  try {
    for (const target of new Set(planned.map((one) => one.target)))
      await preflight(clientOf(target), target, io.signal);
    for (const one of planned) {
      if (io.signal.aborted) break;
      const result = await one.run(clientOf(one.target));
      if (io.signal.aborted) break;
      results.push(result);
      onProbe?.(result);
    }
  } finally {
    for (const client of clients.values()) await client.close();
  }
  const probes = new Redactor(secrets).data(results);
  const checks = probes.map((result) => owners.complete(checkOf(result)));
  const verdict = io.signal.aborted ? "interrupted" : worst(checks);
  return makeArtefact(workspace, "synthetic-probes", began, { verdict, checks, data: { probes } });
}

async function plan(workspace: Workspace, extracted: (value: string) => void): Promise<Planned[]> {
  const { config, io } = workspace;
  const random = seeded(config.seed);
  const written = config.probes.map((probe): Planned => {
    const target = targetOf(config, probe.target, `probe ${probe.id}`);
    const { env, now, signal } = io;
    return {
      id: probe.id,
      target,
      run: (client) => runProbe(probe, target, { client, env, now, signal, random, extracted }),
    };
  });
  const { derivedProbes: options } = config;
  if (options === undefined) return written;
  const target = targetOf(config, options.target, "derivedProbes");
  const derived = derivedProbes(await surfaceOf(workspace), options).map(
    (probe): Planned => ({
      id: probe.id,
      target,
      run: (client) => runDerivedProbe(probe, target, options.critical, client, io.signal),
    }),
  );
  return [...written, ...derived];
}

function checkOf({ id, title, critical, passed, steps, attempts }: ProbeResult): RawCheck {
  const failed = steps.find((step) => !step.passed);
  return {
    id: `probe:${id}`,
    title,
    verdict: passed ? (attempts > 1 ? "warn" : "pass") : critical ? "fail" : "warn",
    ...(failed !== undefined
      ? { reason: `${failed.name}: ${failed.misses.join("; ")}` }
      : attempts > 1 && { reason: `passed in attempt ${attempts} only` }),
    metric: "status",
    observed: (failed ?? steps.at(-1))?.status ?? null,
    n: steps.length,
  };
}
