import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Snapshot } from "keelson";
import type { Environment } from "../service/kit.js";
import type { Happened } from "../service/recent-events.js";
import { sessionToken } from "../service/session-token.js";
import { type StandIns, startStandIns } from "../stand-ins/stand-ins.js";
import { type Asked, ask, type Seen } from "./ask.js";
import { freePort } from "./free-port.js";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Time-outs that are short enough to be watched. */
const QUICK: Environment = {
  // The demo stands where a load balancer would, and says where each request comes from.
  TRUST_PROXY_HOPS: "1",
  CHAT_BODY_TIMEOUT_MS: "500ms",
  OPENROUTER_TIMEOUT_MS: "3s",
  OPENROUTER_ATTEMPT_TIMEOUT_MS: "1s",
  SERPER_TIMEOUT_MS: "1500ms",
  SERPER_ATTEMPT_TIMEOUT_MS: "500ms",
  BREAKER_OPEN_MS: "1s",
};

/** The service in a process of its own, and everything that it calls. */
export class World {
  readonly standIns: StandIns;
  #url = "";
  #child: ChildProcess | undefined;
  #second: ChildProcess | undefined;
  #seen = 0;
  #users = 0;

  readonly #port: number;

  constructor(standIns: StandIns, port: number) {
    this.standIns = standIns;
    this.#port = port;
  }

  static async create(): Promise<World> {
    return new World(await startStandIns(), await freePort());
  }

  /** The same in all situations: whoever watches need not look for it again. */
  get operatorPage(): string {
    return `http://127.0.0.1:${this.#port}/operator/`;
  }

  /** Starts the service afresh, everything around it whole. */
  async start(env: Environment = {}): Promise<void> {
    await this.stop();
    for (const upstream of this.standIns.upstreams) {
      await upstream.recover();
      upstream.resetCounts();
    }
    const child = this.spawn({ PORT: String(this.#port), ...env });
    this.#child = child;
    this.#seen = 0;
    this.#url = await listening(child);
  }

  /** Starts another process of the service beside the first. */
  async second(env: Environment): Promise<{ readonly url: string; kill(): void }> {
    const child = this.spawn(env);
    this.#second = child;
    return { url: await listening(child), kill: () => void child.kill("SIGKILL") };
  }

  /** The service's process, which may refuse to start. */
  spawn(env: Environment): ChildProcess {
    const { PATH } = process.env;
    return spawn(process.execPath, ["--import", "tsx", MAIN], {
      env: { ...(PATH !== undefined && { PATH }), ...this.standIns.env, ...QUICK, PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Tells the service to stop, as a platform does; its exit code, and `null` where it had to be killed. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    this.#second?.kill("SIGKILL");
    this.#second = undefined;
    if (child === undefined) return null;
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      const patience = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await once(child, "exit");
      clearTimeout(patience);
    }
    return child.exitCode;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.standIns.close();
  }

  /** Sends a request to the service. */
  ask(method: string, path: string, asked: Asked = {}, url = this.#url): Promise<Seen> {
    return ask(method, url + path, asked);
  }

  /** A shopper of whom nobody has heard before, at an address of their own. */
  async shopper(): Promise<Shopper> {
    const n = ++this.#users;
    const id = `shopper-${n}`;
    return new Shopper(this, await sessionToken(this.standIns.env.SESSION_SECRET, id), `198.51.100.${n % 250}`);
  }

  /** What happened in the service since this was last asked. */
  async happened(): Promise<readonly Happened[]> {
    const { json } = await this.#operator(`/ops/events?after=${this.#seen}`);
    const events = json as readonly Happened[];
    this.#seen = events.at(-1)?.seq ?? this.#seen;
    return events;
  }

  async snapshot(url?: string): Promise<Snapshot> {
    return (await this.#operator("/ops/snapshot", url)).json as Snapshot;
  }

  /** Digests that a process has made. */
  async worked(url?: string): Promise<number> {
    return (await this.snapshot(url)).queues.digests?.byTool.digest?.here?.succeeded ?? 0;
  }

  async #operator(path: string, url?: string): Promise<Seen> {
    const headers = { authorization: `Bearer ${this.standIns.env.OPERATOR_TOKEN}` };
    const seen = await this.ask("GET", path, { headers }, url);
    if (seen.status !== 200) throw new Error(`${path}: ${seen.status} ${seen.text}`);
    return seen;
  }
}

/** Someone with a session, and an address. */
export class Shopper {
  constructor(
    readonly world: World,
    readonly token: string,
    readonly address: string,
    /** The process that is asked; left out: the first. */
    readonly url?: string,
  ) {}

  /** The same shopper, asking another process. */
  at(url: string): Shopper {
    return new Shopper(this.world, this.token, this.address, url);
  }

  /** Orders a digest; its id. */
  async digest(topics: readonly string[]): Promise<string> {
    const asked = { headers: this.headers, body: JSON.stringify({ topics }) };
    const seen = await this.world.ask("POST", "/api/digests", asked, this.url);
    if (seen.status !== 202) throw new Error(`a digest was answered with ${seen.status} ${seen.text}`);
    return (seen.json as { readonly id: string }).id;
  }

  /** What became of a digest, once it has ended; `unknown` after half a minute. */
  async ended(id: string): Promise<{ readonly state: string; readonly attempt: number }> {
    for (const until = performance.now() + 30_000; performance.now() < until; ) {
      const seen = await this.world.ask("GET", `/api/digests/${id}`, { headers: this.headers }, this.url);
      const job = seen.json as { readonly state: string; readonly attempt: number };
      if (!["queued", "delayed", "running"].includes(job.state)) return job;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return { state: "unknown", attempt: 0 };
  }

  /** One turn with the assistant. */
  chat(message: string, { headers = {}, ...asked }: Asked = {}): Promise<Seen> {
    return this.world.ask(
      "POST",
      "/api/chat",
      {
        body: JSON.stringify({ message }),
        ...asked,
        headers: { ...this.headers, ...headers },
      },
      this.url,
    );
  }

  /** What a browser on the shop's page sends. */
  get headers(): Readonly<Record<string, string>> {
    return {
      "content-type": "application/json",
      origin: "https://shop.example",
      authorization: `Bearer ${this.token}`,
      "x-forwarded-for": this.address,
    };
  }
}

/** Where it listens. */
async function listening(child: ChildProcess): Promise<string> {
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  if (child.stdout === null) throw new Error("the service has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      child.stderr?.on("data", (chunk: Buffer) => process.stderr.write(chunk));
      return url;
    }
  }
  throw new Error(`the service did not start:\n${complaint}`);
}
