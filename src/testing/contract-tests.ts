import type { Endpoint } from "../boundary/endpoint/endpoint.js";
import { toFetch } from "../boundary/endpoint/fetch.js";
import type { ClientInfo } from "../boundary/endpoint/types.js";
import { contracted, told } from "../boundary/surface/contract-answer.js";
import { type ContractCase, contractCases } from "../boundary/surface/contract-cases.js";
import type { Surface } from "../boundary/surface/surface.js";
import { ConfigError, onlyKnown } from "../core/config.js";

/** What contract tests are made for: a kit, or endpoints. */
export type ContractTarget =
  | {
      surface(): readonly Surface[];
      readonly fetch?: (request: Request, info?: ClientInfo) => Promise<Response>;
    }
  | readonly Endpoint[];

/** Headers that let a request in. A function gets the body, to sign it. */
export type Credentials =
  | Readonly<Record<string, string>>
  | ((body: string) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** Options of {@link contractTests}. */
export interface ContractOptions {
  /** Where the endpoints are served: `"http://127.0.0.1:8080"`. Default: they are asked in this process. */
  readonly baseUrl?: string;
  /** In place of the platform's `fetch`, or of asking in this process. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /**
   * By the endpoint's name, what lets a request in. Each endpoint that has auth or a signature needs an entry, or
   * `false`: then what lies behind auth is not tested.
   */
  readonly credentials?: Readonly<Record<string, Credentials | false>>;
}

/** What is used of a test framework: vitest's functions will do, and jest's. */
export interface TestFramework {
  describe(name: string, define: () => void): unknown;
  it(name: string, run: () => Promise<void>): unknown;
  expect(actual: unknown): { toEqual(expected: unknown): unknown };
}

/**
 * Defines tests of what endpoints declare: that each refuses other methods, content types and origins, queries and
 * bodies that are too large, missing credentials, tampered and malformed bodies; with the right status, as
 * problem+json, and without telling anything internal.
 *
 * Each endpoint is asked about ten times: give limits room for that. In this process each request comes from an address
 * of its own.
 *
 * @example
 * contractTests(kit, { credentials: { chat: { authorization: "Bearer test" } } }, { describe, it, expect });
 *
 * @throws {ConfigError} when credentials are missing, or are given for what is not there
 */
export function contractTests(target: ContractTarget, options: ContractOptions, framework: TestFramework): void {
  onlyKnown(options, "contractTests", ["baseUrl", "fetch", "credentials"]);
  const { describe, it, expect } = framework;
  const { credentials = {} } = options;
  const surfaces = isKit(target) ? target.surface() : target.map((endpoint) => endpoint.surface());
  checkCredentials(surfaces, credentials);
  const ask = asker(target, options);
  const cases = contractCases(surfaces);
  for (const name of new Set(cases.map((one) => one.endpoint))) {
    describe(`the contract of ${name}`, () => {
      for (const one of cases) {
        const letIn = credentials[name];
        if (one.endpoint !== name || (one.credentials !== undefined && letIn === false)) continue;
        it(one.title, async () => {
          const response = await ask(one, await headersOf(one, letIn));
          expect(await told(one, response)).toEqual(contracted(one));
        });
      }
    });
  }
}

function isKit(target: ContractTarget): target is Exclude<ContractTarget, readonly Endpoint[]> {
  return !Array.isArray(target);
}

function checkCredentials(surfaces: readonly Surface[], credentials: NonNullable<ContractOptions["credentials"]>) {
  const http = surfaces.filter((surface) => surface.kind === "http");
  onlyKnown(
    credentials,
    "contractTests.credentials",
    http.map((surface) => surface.name),
  );
  for (const { name, auth, signature } of http) {
    if ((auth.kind === "declared" || signature !== undefined) && credentials[name] === undefined)
      throw new ConfigError(
        `contractTests.credentials.${name}`,
        undefined,
        "headers that let a request in, a function of the body, or false to leave out what lies behind",
      );
  }
}

async function headersOf(one: ContractCase, letIn: Credentials | false | undefined): Promise<Record<string, string>> {
  const { over } = one.credentials ?? {};
  const added = over === undefined || !letIn ? {} : typeof letIn === "function" ? await letIn(over) : letIn;
  return { ...one.headers, ...added };
}

type Ask = (one: ContractCase, headers: Record<string, string>) => Promise<Response>;

function asker(target: ContractTarget, { baseUrl, fetch: given }: ContractOptions): Ask {
  const base = baseUrl ?? "http://contract.test";
  let asked = 0;
  const here = isKit(target) ? target.fetch?.bind(target) : toFetch(target);
  const send: (request: Request) => Promise<Response> =
    given ??
    (baseUrl !== undefined
      ? (request) => fetch(request)
      : (request) => {
          if (here === undefined)
            throw new ConfigError("contractTests.fetch", undefined, "a function, where the kit has none itself");
          return here(request, { remoteAddress: addressOf(asked++) });
        });
  return (one, headers) =>
    send(
      new Request(base + one.path, { method: one.method, headers, ...(one.body !== undefined && { body: one.body }) }),
    );
}

/** Each in a block of its own, of those reserved for examples (RFC 3849): clients are told apart by theirs. */
function addressOf(asked: number): string {
  return `2001:db8:${(asked >> 8).toString(16)}:${((asked & 255) << 8).toString(16)}::1`;
}
