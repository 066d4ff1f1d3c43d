import type { RequestSpec, Target } from "../config/request.js";
import type { Sent } from "./exchange.js";
import { filled, filledData, type TemplateValues } from "./template.js";

/** A request as it is sent, from how it is written down. */
export function built(
  target: Target,
  { method, path, headers, body, timeout }: RequestSpec,
  values: TemplateValues,
): Sent {
  const given = { ...target.headers, ...headers };
  const sent = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toLowerCase(), filled(value, values)]),
  );
  const text = bodyText(body, values);
  if (text !== undefined && typeof body !== "string" && sent["content-type"] === undefined)
    sent["content-type"] = "application/json";
  return {
    method,
    // Not by new URL(path, base): a target may itself have a path.
    url: new URL(target.url.replace(/\/$/, "") + filled(path, values)),
    headers: sent,
    ...(text !== undefined && { body: text }),
    timeoutMs: timeout,
  };
}

function bodyText(body: unknown, values: TemplateValues): string | undefined {
  if (body === undefined) return undefined;
  return typeof body === "string" ? filled(body, values) : JSON.stringify(filledData(body, values));
}
