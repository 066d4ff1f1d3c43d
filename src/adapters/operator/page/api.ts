import type { AuditEntry, LeverEntry, LeverKind } from "../levers.js";

const KEY = "keelson-operator-token";

/** What `GET levers` answers. */
export interface Levers {
  readonly operator: string;
  readonly catalogue: readonly LeverKind[];
  readonly active: readonly LeverEntry[];
  readonly audit: readonly AuditEntry[];
}

/** An answer that is none. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the page asks for a token itself. */
export const asksForToken = document.documentElement.dataset.login === "token";

// Where storage is forbidden the token lives as long as the page.
let token = read();

function read(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** The token to send from now on; an empty one is forgotten. */
export function useToken(given: string): void {
  token = given;
  try {
    if (given === "") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, given);
  } catch (error) {
    console.warn("The token is not kept for this tab:", error);
  }
}

/** Whether there is a token to try. */
export function hasToken(): boolean {
  return token !== "";
}

/**
 * Asks the server; paths are relative to the page.
 *
 * @throws {Refused} when it says no, in its own words
 */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== "") headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(path, { ...init, headers, cache: "no-store", credentials: "same-origin" });
  if (!response.ok) throw new Refused(response.status, await problemOf(response));
  return response;
}

/** Sends something, and answers what comes back. */
export async function send<T>(path: string, body: object): Promise<T> {
  const response = await ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

async function problemOf(response: Response): Promise<string> {
  try {
    const { title, detail, errors } = (await response.json()) as {
      title?: string;
      detail?: string;
      errors?: readonly { pointer?: string; message?: string }[];
    };
    const issues = (errors ?? []).map(({ pointer, message }) => `${pointer ?? ""} ${message ?? ""}`.trim());
    return [detail ?? title ?? `Status ${response.status}`, ...issues].join(": ");
  } catch {
    return `Status ${response.status}`;
  }
}
