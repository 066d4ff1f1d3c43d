import type { Slo } from "keelson";

/**
 * What the app promises, who is called when it isn't kept, and where is written what to do. The release gate and the
 * dashboard judge by the same, in `scripts/reliability/slo-baseline.json`.
 */
function slo(objective: number, owner: string, runbook: string, more: Pick<Slo, "latency"> = {}): Slo {
  return { objective, owner, runbook: `docs/runbooks/${runbook}.md`, ...more };
}

/**
 * Of the routes. The verification of WhatsApp's webhook has none: Meta asks for it when the webhook is set up, and hardly
 * ever again.
 */
export const routes = {
  chat: slo(0.98, "chat", "chat-availability", { latency: { within: "10s", objective: 0.95 } }),
  gmailPush: slo(0.98, "integrations", "gmail-push"),
  gmailCallback: slo(0.95, "integrations", "gmail-push"),
  whatsApp: slo(0.98, "integrations", "whatsapp-webhook"),
} as const;

/**
 * Of what the app calls: others' promises, and looser than its own, for there are fallbacks. So they also need fewer
 * calls: 14 in an hour are enough to page. Sentry has none, for it could not be told of by Sentry.
 */
export const upstreams = {
  openRouter: slo(0.95, "chat", "openrouter-down"),
  serper: slo(0.95, "chat", "serper-down"),
  gmail: slo(0.95, "integrations", "gmail-push"),
  gmailOAuth: slo(0.95, "integrations", "gmail-push"),
  whatsApp: slo(0.95, "integrations", "whatsapp-webhook"),
} as const;
