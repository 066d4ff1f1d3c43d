import type { Probe, ProbeStep } from "../config/probe.js";
import type { Target } from "../config/request.js";
import { valuesAt } from "../expect/json-path.js";
import { misses, missText } from "../expect/judge.js";
import { built } from "../http/build.js";
import type { Answered, Exchanged, HttpClient } from "../http/exchange.js";
import type { TemplateValues } from "../http/template.js";
import type { ProbeResult, StepResult } from "./result.js";

/** What probes are run with. */
export interface ProbeTools {
  readonly client: HttpClient;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: () => number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Is told of every value that is extracted, for it may be a secret. */
  readonly extracted: (value: string) => void;
}

/** Runs a probe's steps until one fails; again, as often as it may. */
export async function runProbe(probe: Probe, target: Target, tools: ProbeTools): Promise<ProbeResult> {
  let attempts = 0;
  let steps: StepResult[];
  do {
    steps = await attempt(probe, target, tools);
    attempts++;
  } while (!allPassed(steps) && attempts <= probe.retries && !tools.signal.aborted);
  const { id, title = id, critical } = probe;
  return { id, title, critical, target: target.url, passed: allPassed(steps), attempts, steps };
}

async function attempt(probe: Probe, target: Target, tools: ProbeTools): Promise<StepResult[]> {
  const values: Record<string, string> = {};
  const done: StepResult[] = [];
  for (const [at, step] of probe.steps.entries()) {
    const result = await take(step, at, target, values, tools);
    done.push(result);
    if (!result.passed) break;
  }
  return done;
}

async function take(
  step: ProbeStep,
  at: number,
  target: Target,
  values: Record<string, string>,
  tools: ProbeTools,
): Promise<StepResult> {
  const { client, env, random, now, signal } = tools;
  const templates: TemplateValues = { env, values, index: at, random, now: () => now().getTime() };
  const sent = built(target, step.request, templates);
  const answer = await client.ask({ ...sent, signal });
  const found = answer.kind === "answered" ? judged(step, answer, values, tools) : [unanswered(answer)];
  return {
    name: step.name ?? `${sent.method} ${sent.url.pathname}`,
    method: sent.method,
    path: sent.url.pathname,
    passed: found.length === 0,
    status: answer.kind === "answered" ? answer.status : null,
    ms: Math.round(answer.ms * 100) / 100,
    misses: found,
  };
}

function judged(step: ProbeStep, answer: Answered, values: Record<string, string>, tools: ProbeTools): string[] {
  const found = misses(answer, step.expect, tools.now()).map(missText);
  if (found.length > 0) return found;
  for (const [name, from] of Object.entries(step.extract)) {
    const value = extract(answer, from);
    if (value === undefined || value === "") found.push(`extract ${name}: there is nothing at ${JSON.stringify(from)}`);
    else {
      values[name] = value;
      tools.extracted(value);
    }
  }
  return found;
}

function extract(answer: Answered, from: ProbeStep["extract"][string]): string | undefined {
  if (typeof from === "string") return atPath(answer, from);
  if ("header" in from) return answer.headers[from.header.toLowerCase()];
  if ("json" in from) return atPath(answer, from.json);
  const match = new RegExp(from.body, "u").exec(answer.text());
  return match?.[1] ?? match?.[0];
}

function atPath(answer: Answered, path: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(answer.text());
  } catch {
    return undefined;
  }
  const [first] = valuesAt(path, document);
  return first === undefined || first === null ? undefined : typeof first === "string" ? first : JSON.stringify(first);
}

function unanswered({ kind, code, ms }: Exclude<Exchanged, Answered>): string {
  if (kind === "timeout") return `no answer within ${Math.round(ms)} ms`;
  return kind === "aborted" ? "interrupted" : `no answer: ${code}`;
}

function allPassed(steps: readonly StepResult[]): boolean {
  return steps.every(({ passed }) => passed);
}
