import type { Activity, JudgedProbe, Tolerance } from "./experiment.js";
import type { Run, State } from "./journal.js";
import { askHttp, type Provided, runProcess, type Surroundings } from "./providers.js";
import { type Judgement, judge } from "./tolerance.js";

/** Of a text or a body in the journal, the rest is left out. */
const MOST_WRITTEN = 4_000;

/** Does one activity, with its pauses. Never throws: what can't be done has failed. */
export async function perform(activity: Activity, around: Surroundings, signal?: AbortSignal): Promise<Run> {
  const { world } = around;
  const { before = 0, after = 0 } = activity.pauses ?? {};
  if (before > 0) await world.sleep(before * 1000, signal);
  const start = world.now();
  const began = world.monotonic();
  const { output, failure } = await provided(activity, around, signal);
  const judgement = failure === undefined ? await judged(activity.tolerance, output, around, signal) : undefined;
  const reasons = [failure, judgement?.reason].filter((reason) => reason !== undefined);
  const run: Run = {
    activity: { ...activity },
    status: failure === undefined ? "succeeded" : "failed",
    output: written(output),
    start: start.toISOString(),
    end: world.now().toISOString(),
    duration: (world.monotonic() - began) / 1000,
    ...(activity.tolerance !== undefined && { tolerance_met: judgement?.met ?? false }),
    ...(reasons.length > 0 && { exception: reasons }),
  };
  if (after > 0) await world.sleep(after * 1000, signal);
  return run;
}

/** An activity that is not done: in a dry run. */
export function unperformed(activity: Activity, { world }: Surroundings): Run {
  const now = world.now().toISOString();
  return { activity: { ...activity }, status: "succeeded", output: null, start: now, end: now, duration: 0 };
}

/** Looks at probes until one doesn't hold. */
export async function look(probes: readonly JudgedProbe[], around: Surroundings, signal?: AbortSignal): Promise<State> {
  const runs: Run[] = [];
  for (const probe of probes) {
    const run = await perform(probe, around, signal);
    runs.push(run);
    if (run.tolerance_met !== true) return { steady_state_met: false, probes: runs };
  }
  return { steady_state_met: true, probes: runs };
}

/** In a sentence, what of a state doesn't hold. */
export function complaint({ probes }: State): string | undefined {
  const run = probes.find(({ tolerance_met }) => tolerance_met === false);
  return run === undefined ? undefined : `${String(run.activity.name)}: ${run.exception?.join("; ")}`;
}

async function provided({ type, provider }: Activity, around: Surroundings, signal?: AbortSignal): Promise<Provided> {
  const done =
    provider.type === "http" ? await askHttp(provider, around, signal) : await runProcess(provider, around, signal);
  if (type === "probe" || done.failure !== undefined || done.output === null) return done;
  // An action that was refused has done nothing, and a rollback that did nothing must not pass for one.
  const { status } = done.output;
  const refused =
    provider.type === "http" ? provider.expected_status === undefined && Number(status) >= 400 : status !== 0;
  return refused ? { ...done, failure: `status: got ${String(status)}` } : done;
}

async function judged(
  tolerance: Tolerance | undefined,
  output: unknown,
  around: Surroundings,
  signal?: AbortSignal,
): Promise<Judgement | undefined> {
  if (tolerance === undefined) return undefined;
  if (typeof tolerance !== "object" || Array.isArray(tolerance) || tolerance.type !== "probe")
    return judge(tolerance, output);
  const { provider } = tolerance;
  const answer =
    provider.type === "http"
      ? await askHttp({ ...provider, arguments: { ...named(provider.arguments), value: output } }, around, signal)
      : await runProcess(
          { ...provider, arguments: { ...named(provider.arguments), value: JSON.stringify(output) } },
          around,
          signal,
        );
  if (answer.failure !== undefined) return { met: false, reason: `${tolerance.name}: ${answer.failure}` };
  const status = answer.output?.status;
  const met = provider.type === "http" ? Number(status) < 400 : status === 0;
  return met ? { met } : { met, reason: `${tolerance.name}: status: got ${String(status)}` };
}

/** Arguments by name; a list has none, and a value can't be put beside it. */
function named<T>(given: T): Record<string, never> | Exclude<T, string | readonly unknown[] | undefined> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return {};
  return given as Exclude<T, string | readonly unknown[] | undefined>;
}

function written(output: unknown): unknown {
  if (typeof output === "string") return cut(output);
  if (typeof output !== "object" || output === null) return output;
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => {
      if (typeof value !== "object" || value === null) return [name, written(value)];
      const text = JSON.stringify(value);
      return [name, text.length > MOST_WRITTEN ? cut(text) : value];
    }),
  );
}

function cut(text: string): string {
  return text.length > MOST_WRITTEN ? `${text.slice(0, MOST_WRITTEN)}… (${text.length} characters)` : text;
}
