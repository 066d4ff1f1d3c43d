/** The moment at which the sample's dashboard is made. */
export const SAMPLE_NOW = new Date("2026-06-14T09:30:00Z");

/** SLOs of the sample's service, as `slo-baseline.json` has them. */
export const SAMPLE_BASELINE = {
  schemaVersion: "1.0",
  period: "30d",
  slos: [
    {
      id: "chat-availability",
      owner: "chat-team",
      objective: 0.995,
      sli: "endpoint:chat",
      scenario: "chat",
      p95Ms: 300,
      p99Ms: 500,
      maxRates: { "5xx": 0.005, timeout: 0.005 },
      runbook: "docs/runbooks/chat-latency.md",
    },
    {
      id: "webhooks",
      owner: "integrations-team",
      objective: 0.999,
      sli: "endpoint:whatsapp-webhook",
      scenario: ["gmail_push_webhook", "whatsapp_webhook"],
      p95Ms: 80,
      maxRates: { "5xx": 0.001 },
      runbook: "docs/runbooks/whatsapp-webhook.md",
    },
    {
      id: "search",
      owner: "search-team",
      objective: 0.99,
      sli: "upstream:serper",
      scenario: "search",
      p95Ms: 180,
      runbook: "https://runbooks.example/search",
    },
  ],
};

/** Owners of the sample's checks, as `ownership-matrix.json` has them. */
export const SAMPLE_OWNERSHIP = {
  schemaVersion: "1.0",
  owners: {
    "chat-team": { contact: "#chat-oncall" },
    "integrations-team": { contact: "#integrations" },
    "search-team": { contact: "search@shop.example" },
    "platform-team": { contact: "#platform" },
  },
  default: { owner: "platform-team" },
};
