import { KeelsonError } from "../../core/errors.js";
import { type Problem, toProblem } from "../problem.js";
import type { Cors, HeaderPairs } from "./cors.js";
import type { Outgoing } from "./incoming.js";

const NO_HEADERS: HeaderPairs = [];

/** What every such answer says; made once, with the first. */
let problem: Problem | undefined;

/** The answer to a request that is refused for overload: the problem `unavailable`, without an error being made. */
export function shedAnswer(retryAfterMs: number, traceId: string | undefined, cors: HeaderPairs): Outgoing {
  problem ??= toProblem(new KeelsonError("unavailable", undefined, { detail: "There is too much to do right now" }));
  const retryAfter = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const headers: [string, string][] = [
    ["content-type", "application/problem+json"],
    ["retry-after", String(retryAfter)],
    ["cache-control", "no-store"],
  ];
  for (const [name, value] of cors) headers.push([name, value]);
  return { status: problem.status, headers, body: JSON.stringify({ ...problem, retryAfter, traceId }) };
}

/** What CORS adds, so that a page gets to read it. */
export function corsOfShed(cors: Cors | undefined, header: (name: string) => string | null): HeaderPairs {
  if (cors === undefined) return NO_HEADERS;
  const origin = header("origin");
  return (origin === null ? undefined : cors.answer(origin)) ?? cors.refused;
}
