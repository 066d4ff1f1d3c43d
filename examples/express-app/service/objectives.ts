import type { Slo } from "keelson";

/** What the service promises, who is called when it isn't kept, and where is written what to do. */
function slo(objective: number, owner: string, runbook: string, more: Pick<Slo, "latency"> = {}): Slo {
  return { objective, owner, runbook: `docs/runbooks/${runbook}.md`, ...more };
}

/** Of the endpoints that people and webhooks call. */
export const endpoints = {
  chat: slo(0.999, "chat", "chat-availability", { latency: { within: "10s", objective: 0.95 } }),
  whatsapp: slo(0.999, "integrations", "whatsapp-webhook"),
  gmail: slo(0.995, "integrations", "gmail-push"),
  digests: slo(0.995, "search", "digest-queue"),
} as const;

/** Of what it calls itself: others' promises, and looser than our own, for there are fallbacks. */
export const upstreams = {
  openrouter: slo(0.99, "chat", "openrouter-down"),
  serper: slo(0.99, "search", "serper-down"),
  whatsapp: slo(0.99, "integrations", "whatsapp-webhook"),
  gmail: slo(0.99, "integrations", "gmail-push"),
} as const;
