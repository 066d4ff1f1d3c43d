/* eslint-disable */
/**
 * Generated `ComponentApi` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type { FunctionReference } from "convex/server";

/**
 * A utility for referencing a Convex component's exposed API.
 *
 * Useful when expecting a parameter like `components.myComponent`.
 * Usage:
 * ```ts
 * async function myFunction(ctx: QueryCtx, component: ComponentApi) {
 *   return ctx.runQuery(component.someFile.someQuery, { ...args });
 * }
 * ```
 */
export type ComponentApi<Name extends string | undefined = string | undefined> =
  {
    cells: {
      look: FunctionReference<
        "query",
        "internal",
        {
          step: {
            kernel: string;
            version: number;
            space: string;
            key: string;
            config: string;
            input: string;
            shards?: number;
          };
        },
        | { decisions: string; changes?: boolean }
        | { failure: "version" | "capacity" },
        Name
      >;
      step: FunctionReference<
        "mutation",
        "internal",
        {
          steps: Array<{
            kernel: string;
            version: number;
            space: string;
            key: string;
            config: string;
            input: string;
            shards?: number;
          }>;
        },
        | { decisions: string; changes?: boolean }
        | { failure: "version" | "capacity" },
        Name
      >;
    };
    jobs: {
      cancel: FunctionReference<
        "mutation",
        "internal",
        {
          queue: string;
          id: string;
          retention: {
            succeeded: number;
            failed: number;
            dead: number;
            expired: number;
            cancelled: number;
          };
        },
        "cancelled" | "requested" | "ended" | "unknown",
        Name
      >;
      claim: FunctionReference<
        "mutation",
        "internal",
        {
          queue: string;
          request: {
            tools: Array<{ name: string; maxRunning: number }>;
            max: number;
            leaseMs: number;
            scan: number;
            retention: {
              succeeded: number;
              failed: number;
              dead: number;
              expired: number;
              cancelled: number;
            };
          };
        },
        {
          now: number;
          jobs: Array<{
            id: string;
            tool: string;
            attempt: number;
            attempts: number;
            fence: number;
            payload: string;
            enqueuedAt: number;
            dueAt: number;
            deadlineAt: number;
          }>;
          nextMs: number | null;
        },
        Name
      >;
      cleanup: FunctionReference<
        "mutation",
        "internal",
        { queue: string; max: number },
        { removed: number },
        Name
      >;
      dropDead: FunctionReference<
        "mutation",
        "internal",
        { queue: string; tool?: string; max: number },
        { dropped: number },
        Name
      >;
      enqueue: FunctionReference<
        "mutation",
        "internal",
        {
          queue: string;
          jobs: Array<{
            id: string;
            tool: string;
            payload: string;
            delayMs: number;
            deadlineMs: number;
            attempts: number;
            maxQueued: number;
            dedupe: string;
          }>;
        },
        | { accepted: true; jobs: Array<{ id: string; duplicate: boolean }> }
        | { accepted: false; tool: string; depth: number; maxQueued: number },
        Name
      >;
      extend: FunctionReference<
        "mutation",
        "internal",
        {
          queue: string;
          leases: Array<{ id: string; fence: number }>;
          leaseMs: number;
        },
        Array<"kept" | "lost" | "cancelled">,
        Name
      >;
      finish: FunctionReference<
        "mutation",
        "internal",
        {
          queue: string;
          ends: Array<
            | { id: string; fence: number; kind: "succeeded"; result: string }
            | {
                id: string;
                fence: number;
                kind: "retry";
                delayMs: number;
                error: string;
              }
            | { id: string; fence: number; kind: "failed"; error: string }
            | { id: string; fence: number; kind: "released" }
          >;
          retention: {
            succeeded: number;
            failed: number;
            dead: number;
            expired: number;
            cancelled: number;
          };
          next?: {
            tools: Array<{ name: string; maxRunning: number }>;
            max: number;
            leaseMs: number;
            scan: number;
            retention: {
              succeeded: number;
              failed: number;
              dead: number;
              expired: number;
              cancelled: number;
            };
          };
        },
        {
          finished: Array<"kept" | "lost">;
          claim?: {
            now: number;
            jobs: Array<{
              id: string;
              tool: string;
              attempt: number;
              attempts: number;
              fence: number;
              payload: string;
              enqueuedAt: number;
              dueAt: number;
              deadlineAt: number;
            }>;
            nextMs: number | null;
          };
        },
        Name
      >;
      get: FunctionReference<
        "query",
        "internal",
        { queue: string; id: string },
        | {
            id: string;
            tool: string;
            state:
              | "delayed"
              | "queued"
              | "running"
              | "succeeded"
              | "failed"
              | "dead"
              | "expired"
              | "cancelled";
            attempt: number;
            attempts: number;
            payload: string;
            enqueuedAt: number;
            dueAt: number;
            deadlineAt: number;
            startedAt: number;
            endedAt: number;
            result: string | null;
            error: string | null;
          }
        | { state: "unknown" },
        Name
      >;
      pause: FunctionReference<
        "mutation",
        "internal",
        { queue: string; tool: string; paused: boolean },
        { paused: boolean },
        Name
      >;
      requeueDead: FunctionReference<
        "mutation",
        "internal",
        { queue: string; tool?: string; max: number },
        { requeued: number },
        Name
      >;
      stats: FunctionReference<
        "query",
        "internal",
        { queue: string },
        Array<{
          tool: string;
          queued: number;
          delayed: number;
          running: number;
          paused: boolean;
          oldestMs: number;
          ended: {
            succeeded: number;
            failed: number;
            dead: number;
            expired: number;
            cancelled: number;
          };
          dead: number;
        }>,
        Name
      >;
    };
    slis: {
      read: FunctionReference<
        "query",
        "internal",
        { service: string; since: number },
        Array<{
          kind: "endpoint" | "upstream";
          name: string;
          stretches: Array<{
            stretchMs: number;
            start: number;
            first: number;
            counts: Array<number>;
          }>;
        }>,
        Name
      >;
      record: FunctionReference<
        "mutation",
        "internal",
        {
          service: string;
          entries: Array<{
            kind: "endpoint" | "upstream";
            name: string;
            counts: Array<number>;
          }>;
        },
        null,
        Name
      >;
    };
  };
