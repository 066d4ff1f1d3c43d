import type { ContractCase } from "./contract-cases.js";

/** What is compared of an answer. */
export interface ToldAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly code: unknown;
  readonly headers: Readonly<Record<string, string | readonly string[] | null>>;
  /** Whatever is wrong with it beside that, in words. */
  readonly faults: readonly string[];
}

/** RFC 9457, and what Keelson adds to it. */
const MEMBERS = ["type", "title", "status", "detail", "instance", "code", "retryAfter", "errors", "traceId"];
const LEAKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a stack trace", /\bat .{1,200}[(:/]\S+:\d+:\d+|\.[cm]?[jt]s:\d+/],
  ["a path of the file system", /node_modules|file:\/\/|(?:^|[\s"'(])\/(?:home|root|usr|var|tmp|app|work)\//],
  ["the name of an error's class", /\b[A-Z]\w*(?:Error|Exception)\b/],
];

/** What an answer has to be like, by the contract. */
export function contracted({ expected }: ContractCase): ToldAnswer {
  const { status, code, headers } = expected;
  const type = code === undefined ? null : "application/problem+json";
  return { status, type, code, headers: sorted(headers), faults: [] };
}

/** What an answer is like, to be compared with {@link contracted}. */
export async function told({ expected }: ContractCase, response: Response): Promise<ToldAnswer> {
  const { status } = response;
  const text = await response.text();
  const problem = expected.code === undefined ? undefined : parsed(text);
  const names = Object.entries(expected.headers);
  return {
    status,
    type: expected.code === undefined ? null : (response.headers.get("content-type")?.split(";")[0] ?? null),
    code: problem?.code,
    headers: sorted(
      Object.fromEntries(
        names.map(([name, value]) => {
          const found = response.headers.get(name);
          return [name, Array.isArray(value) ? (found?.split(/\s*,\s*/) ?? null) : found];
        }),
      ),
    ),
    faults: expected.code === undefined ? emptiness(text) : faultsOf(response, text, problem),
  };
}

function emptiness(text: string): string[] {
  return text === "" ? [] : ["has a body, where there should be none"];
}

function faultsOf(response: Response, text: string, problem: Record<string, unknown> | undefined): string[] {
  if (problem === undefined) return ["the body is no JSON object"];
  const { status, headers } = response;
  const faults: string[] = [];
  for (const name of ["type", "title", "code"])
    if (typeof problem[name] !== "string") faults.push(`the problem has no ${name}`);
  if (problem.status !== status) faults.push("the problem's status is not the answer's");
  for (const name of Object.keys(problem)) if (!MEMBERS.includes(name)) faults.push(`the problem has a "${name}"`);
  for (const [what, pattern] of LEAKS) if (pattern.test(text)) faults.push(`the body has ${what} in it`);
  if (status === 401 && headers.get("www-authenticate") === null) faults.push("a 401 without WWW-Authenticate");
  if (!/\bno-store\b/.test(headers.get("cache-control") ?? "")) faults.push("could be cached");
  return faults;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function sorted(headers: ToldAnswer["headers"]): ToldAnswer["headers"] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? [...value].sort() : value]),
  );
}
