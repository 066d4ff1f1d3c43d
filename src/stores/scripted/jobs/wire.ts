import type {
  Claim,
  ClaimedJob,
  ClaimRequest,
  Enqueued,
  EnqueuedJob,
  JobEnd,
  JobEndNote,
  JobRecord,
  JobRetention,
  JobState,
  NewJob,
  ToolStats,
} from "../../../core/jobs.js";

/** The states by their numbers in the scripts, from 1 on. */
const STATES: readonly JobState[] = [
  "delayed",
  "queued",
  "running",
  "succeeded",
  "failed",
  "dead",
  "expired",
  "cancelled",
];
/** The order in which scripts take and tell what is by end. */
const ENDS: readonly JobEnd[] = ["succeeded", "failed", "dead", "expired", "cancelled"];

/** Reads a text of an answer, as the server sends it or behind a sign. */
export type ReadText = (value: unknown) => string;

/** Values of a job that a claim tells. */
const CLAIMED = 9;

export function jobArgs(jobs: readonly NewJob[]): string[] {
  const args = [String(jobs.length)];
  for (const { id, tool, payload, delayMs, deadlineMs, attempts, maxQueued, dedupe } of jobs)
    args.push(id, tool, payload, String(delayMs), String(deadlineMs), String(attempts), String(maxQueued), dedupe);
  return args;
}

export function retentionArgs(retention: JobRetention): string[] {
  return ENDS.map((end) => String(retention[end]));
}

export function claimArgs({ tools, max, leaseMs, scan, retention }: ClaimRequest): string[] {
  const args = [String(max), String(leaseMs), String(scan), ...retentionArgs(retention), String(tools.length)];
  for (const { name, maxRunning } of tools) args.push(name, String(maxRunning));
  return args;
}

export function enqueuedOf(reply: unknown, asked: readonly NewJob[], read: ReadText): Enqueued {
  if (reply === 1) return { accepted: true, jobs: asked.map(({ id }) => ({ id, duplicate: false })) };
  const values = reply as readonly unknown[];
  if (values[0] === 0)
    return { accepted: false, tool: read(values[1]), depth: values[2] as number, maxQueued: values[3] as number };
  const jobs: EnqueuedJob[] = [];
  for (let i = 1; i < values.length; i += 2) jobs.push({ id: read(values[i]), duplicate: values[i + 1] === 1 });
  return { accepted: true, jobs };
}

export function claimOf(values: readonly unknown[], read: ReadText): Claim {
  const jobs: ClaimedJob[] = [];
  for (let i = 2; i < values.length; i += CLAIMED)
    jobs.push({
      id: read(values[i]),
      tool: read(values[i + 1]),
      attempt: values[i + 2] as number,
      attempts: values[i + 3] as number,
      fence: values[i + 4] as number,
      payload: read(values[i + 5]),
      enqueuedAt: values[i + 6] as number,
      dueAt: values[i + 7] as number,
      deadlineAt: values[i + 8] as number,
    });
  const next = values[1] as number;
  return { now: values[0] as number, jobs, nextMs: next < 0 ? null : next };
}

export function recordOf(
  id: string,
  values: readonly unknown[],
  read: ReadText,
): JobRecord | { readonly state: "unknown" } {
  if (values.length === 0) return { state: "unknown" };
  const told = read(values[10]);
  return {
    id,
    tool: read(values[0]),
    state: stateOf(values[1]),
    attempt: values[2] as number,
    attempts: values[3] as number,
    payload: read(values[4]),
    enqueuedAt: values[5] as number,
    dueAt: values[6] as number,
    deadlineAt: values[7] as number,
    startedAt: values[8] as number,
    endedAt: values[9] as number,
    ...saying(told),
  };
}

/** What a run left: `+` and its result, `-` and its error. */
function saying(told: string): { readonly result: string | null; readonly error: string | null } {
  return { result: told[0] === "+" ? told.slice(1) : null, error: told[0] === "-" ? told.slice(1) : null };
}

function stateOf(number: unknown): JobState {
  const state = STATES[(number as number) - 1];
  if (state === undefined) throw new TypeError(`the script told of a state ${String(number)}`);
  return state;
}

export function statsOf(
  values: readonly (readonly unknown[])[],
  read: ReadText,
): { readonly tools: Record<string, ToolStats> } {
  const tools: Record<string, ToolStats> = {};
  for (const [tool, queued, delayed, running, paused, oldestMs, ...more] of values) {
    const numbers = more as number[];
    tools[read(tool)] = {
      queued: queued as number,
      delayed: delayed as number,
      running: running as number,
      paused: paused === 1,
      oldestMs: oldestMs as number,
      ended: Object.fromEntries(ENDS.map((end, i) => [end, numbers[i] as number])) as Record<JobEnd, number>,
      dead: numbers[ENDS.length] as number,
    };
  }
  return { tools };
}

/** The ends that a message tells of. */
export function notesOf(message: string): readonly JobEndNote[] {
  return (JSON.parse(message) as [id: string, state: JobEnd, told?: string][]).map(([id, state, told]) =>
    told === undefined ? { id, state } : { id, state, ...saying(told) },
  );
}
