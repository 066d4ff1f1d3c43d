import { ConvexError } from "convex/values";
import type { FunctionError } from "keelson";
import { afterAll, beforeAll } from "vitest";
import { type Deployment, deploy, loadFunctions, type Modules } from "../serve/deployment.js";
import { type StandIns, startStandIns } from "../serve/stand-ins.js";

export const ORIGIN = "https://shop.example";
const URL_OF_APP = "http://app.test";

/** The app with stand-ins for a file's tests; each test takes a deployment of its own. */
export interface Harness {
  readonly standIns: StandIns;
  readonly modules: Modules;
  /**
   * @param over modules in place of the app's
   * @param changed what stands in place of the component's modules
   */
  fresh(over?: Modules, changed?: (component: Modules) => Modules): Promise<Fresh>;
}

/** A deployment with nothing in it. */
export interface Fresh {
  readonly t: Deployment["t"];
  /** Everything that the tables of the app hold. */
  rows(table: string): Promise<readonly Record<string, unknown>[]>;
  /** `POST /api/chat` by a user. */
  chat(user: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Waits until what is scheduled for now has run. */
  settled(): Promise<void>;
}

/** @param env over what the stand-ins need */
export function harness(env: Readonly<Record<string, string>> = {}): Harness {
  let standIns: StandIns | undefined;
  let modules: Modules | undefined;
  beforeAll(async () => {
    standIns = await startStandIns(URL_OF_APP);
    modules = await loadFunctions({ ...standIns.env, ...env });
  });
  afterAll(async () => {
    await standIns?.close();
  });
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the harness is there once the tests run");
    return value;
  };
  return {
    get standIns() {
      return there(standIns);
    },
    get modules() {
      return there(modules);
    },
    fresh: async (over = {}, changed) => {
      const { t } = await deploy({ ...there(modules), ...over }, changed);
      return {
        t,
        rows: (table) =>
          t.run(async ({ db }) => (await db.query(table as never).collect()) as readonly Record<string, unknown>[]),
        chat: (user, body, headers = {}) =>
          t.withIdentity({ subject: user }).fetch("/api/chat", {
            method: "POST",
            headers: { "content-type": "application/json", origin: ORIGIN, ...headers },
            body: typeof body === "string" ? body : JSON.stringify(body),
          }),
        settled: async () => {
          // (A timer starts what is scheduled for now.)
          await new Promise((resolve) => setTimeout(resolve, 0));
          await t.finishInProgressScheduledFunctions();
        },
      };
    },
  };
}

/** The events of a chat's stream, as they come. */
export async function* eventsAsTheyCome(
  response: Response,
): AsyncGenerator<{ event: string; data: Record<string, unknown> }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(piece, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, event = "", data = ""] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? [];
      yield { event, data: JSON.parse(data) as Record<string, unknown> };
    }
  }
}

/** The events of a chat's stream. */
export async function eventsOf(response: Response): Promise<{ event: string; data: Record<string, unknown> }[]> {
  const text = await response.text();
  return [...text.matchAll(/^event: (.+)\ndata: (.+)$/gm)].map(([, event = "", data = ""]) => ({
    event,
    data: JSON.parse(data) as Record<string, unknown>,
  }));
}

/** What a guarded function refused with. */
export async function refusal(call: Promise<unknown>): Promise<FunctionError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ConvexError) return error.data as FunctionError;
    throw error;
  }
  throw new Error("it did not refuse");
}

/** What Convex throws where it was called from outside, once it has tried a mutation often enough. */
export function conflict(): Error {
  return new Error(
    'Documents read from or written to the "cells" table changed while this mutation was being run and on every ' +
      "subsequent retry. See https://docs.convex.dev/error#1",
  );
}
