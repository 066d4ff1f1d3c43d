import type { z } from "zod";
import { snapshotSchema } from "../../schema.js";
import { checked } from "../artefact/read.js";
import type { Workspace } from "../config/load.js";
import { UnavailableError, UsageError } from "../failure.js";
import { HttpClient, type Sent } from "../http/exchange.js";

/** A snapshot, as it came over the wire and was checked. */
export type LiveSnapshot = z.infer<typeof snapshotSchema>;

/**
 * Fetches the service's snapshot: from an endpoint, or by a Convex query.
 *
 * @throws {UsageError} when the configuration says nowhere, or what came is no snapshot
 * @throws {UnavailableError} when it can't be had
 */
export async function fetchSnapshot(workspace: Workspace): Promise<LiveSnapshot> {
  const { config, io } = workspace;
  const client = new HttpClient({ insecureTls: config.target.insecureTls });
  try {
    const sent = requestOf(workspace);
    const answer = await client.ask({ ...sent, signal: io.signal });
    if (answer.kind !== "answered")
      throw new UnavailableError(`snapshot: ${sent.url.href} can't be had (${answer.code})`);
    if (answer.status !== 200)
      throw new UnavailableError(
        `snapshot: ${sent.url.href} answered ${answer.status}: ${answer.text().slice(0, 200)}`,
      );
    return checked(
      `the snapshot from ${sent.url.href}`,
      snapshotSchema,
      content(sent.url, answer.text(), config.snapshot),
    );
  } finally {
    await client.close();
  }
}

function requestOf({ config: { snapshot, target } }: Workspace): Sent {
  if (snapshot === undefined)
    throw new UsageError("snapshot: the configuration doesn't say where the service's snapshot is");
  if ("url" in snapshot) {
    const url = new URL(snapshot.url, `${target.url.replace(/\/$/, "")}/`);
    return { method: "GET", url, headers: { ...target.headers, ...snapshot.headers }, timeoutMs: snapshot.timeout };
  }
  const { url = target.url, query, token, adminKey } = snapshot.convex;
  const authorization =
    adminKey !== undefined ? `Convex ${adminKey}` : token !== undefined ? `Bearer ${token}` : undefined;
  return {
    method: "POST",
    url: new URL("/api/query", url),
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify({ path: query, args: {}, format: "json" }),
    timeoutMs: snapshot.timeout,
  };
}

function content(url: URL, text: string, source: Workspace["config"]["snapshot"]): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`snapshot: ${url.href} answered no JSON: ${text.slice(0, 200)}`, { cause: error });
  }
  if (source === undefined || "url" in source) return value;
  const answer = value as { status?: string; value?: unknown; errorMessage?: string };
  if (answer.status === "success") return answer.value;
  throw new UnavailableError(`snapshot: ${source.convex.query} failed: ${answer.errorMessage ?? "no reason given"}`);
}
