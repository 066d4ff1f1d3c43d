import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openWorkspace, type Workspace } from "../config/load.js";
import type { Exchanged, Sent } from "../http/exchange.js";
import { silentIo } from "../io.js";
import type { ProgramCall, ProgramResult } from "../process/run-program.js";
import type { World } from "./world.js";

/** Files of a workspace, by path; a record is written as JSON. */
export type Files = Readonly<Record<string, string | object>>;

export interface Made {
  readonly workspace: Workspace;
  /** As Ctrl-C does. */
  interrupt(): void;
}

/** A workspace in a folder of its own. */
export async function workspaceOf(files: Files, env: Readonly<Record<string, string>> = {}): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-game-day-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = { service: "shop", target: "http://shop.test", experiments: "experiments", runbooks: "runbooks" };
  for (const [path, content] of Object.entries({ "keelson.config.json": config, ...files })) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  const ctrlC = new AbortController();
  const workspace = await openWorkspace(silentIo({ cwd: folder, env, signal: ctrlC.signal }));
  return { workspace, interrupt: () => ctrlC.abort() };
}

/** What a scripted service answers. */
export type Script = (
  asked: string,
  sent: Sent,
) => number | { readonly status: number; readonly body: unknown } | "gone";

/** A world in which time passes only in pauses, and all answers are scripted. */
export class ScriptedWorld implements World {
  /** What was asked, `POST http://admin.test/faults`, and run, `node flood.js`, in order. */
  readonly did: string[] = [];
  readonly sent: Sent[] = [];
  readonly slept: number[] = [];
  #now = Date.UTC(2026, 0, 1);

  constructor(
    readonly script: Script,
    readonly programs: (call: ProgramCall) => Partial<ProgramResult> = () => ({}),
  ) {}

  async ask(sent: Sent): Promise<Exchanged> {
    // Each exchange takes its turn, as on a network.
    await new Promise((resolve) => setImmediate(resolve));
    const asked = `${sent.method} ${sent.url}`;
    this.did.push(asked);
    this.sent.push(sent);
    if (sent.signal?.aborted === true) return { kind: "aborted", code: "aborted", ms: 0 };
    const answer = this.script(asked, sent);
    if (answer === "gone") return { kind: "network", code: "ECONNREFUSED", ms: 1 };
    const { status, body = {} } = typeof answer === "number" ? { status: answer } : answer;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return {
      kind: "answered",
      status,
      headers: { "content-type": "application/json" },
      body: new TextEncoder().encode(text),
      text: () => text,
      ms: 1,
      certificateEnds: null,
    };
  }

  async run(call: ProgramCall): Promise<ProgramResult> {
    this.did.push([call.program, ...call.args].join(" "));
    const result = { kind: "exited", code: 0, stdout: "", stderr: "", reason: null, ms: 1 } as const;
    return { ...result, ...this.programs(call) };
  }

  async sleep(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.slept.push(ms);
    this.#now += ms;
  }

  now(): Date {
    return new Date(this.#now);
  }

  monotonic(): number {
    return this.#now;
  }
}

const HEALTH = {
  type: "probe",
  name: "the service answers",
  tolerance: 200,
  provider: { type: "http", url: "http://shop.test/healthz" },
};
const FAULT = {
  type: "action",
  name: "the model fails",
  provider: {
    type: "http",
    url: "http://admin.test/faults",
    method: "POST",
    headers: { "Content-Type": "application/json" },
    arguments: { kind: "status", status: 503, ttl: "60s" },
  },
};
const HEAL = {
  type: "action",
  name: "the model is well",
  provider: { type: "http", url: "http://admin.test/faults", method: "DELETE" },
};

/** Parts of the usual experiment. */
export const PARTS = { HEALTH, FAULT, HEAL };

/** The usual experiment, with some of it otherwise. */
export function experiment(other: object = {}): object {
  return {
    title: "The model fails",
    description: "Shoppers are told so.",
    "steady-state-hypothesis": { title: "It answers", probes: [HEALTH] },
    method: [FAULT],
    rollbacks: [HEAL],
    ...other,
  };
}
