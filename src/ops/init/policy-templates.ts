const SCHEMAS = "../../node_modules/keelson/schemas";

/** `slo-baseline.json`: modest promises, to be raised when the figures are known. */
export function sloTemplate(service: string): object {
  return {
    $schema: `${SCHEMAS}/slo-baseline.schema.json`,
    schemaVersion: "1.0",
    service,
    period: "30d",
    slos: [
      {
        id: "health-availability",
        owner: "platform",
        objective: 0.99,
        sli: "endpoint:healthz",
        scenario: "health",
        p95Ms: 250,
        maxRates: { "5xx": 0.01, timeout: 0.005, network: 0.005, unknown: 0 },
        capacityRps: 20,
      },
    ],
  };
}

/** `release-gate-policy.json`: the defaults, written out, so that they can be changed. */
export function gateTemplate(): object {
  return {
    $schema: `${SCHEMAS}/release-gate-policy.schema.json`,
    schemaVersion: "1.0",
    drill: { profile: "quick" },
    snapshot: {
      maxOpenBreakers: 0,
      maxQueuePressure: 0.8,
      maxDeadJobs: 0,
      maxDegraded: 0,
      maxStoreUse: 0.9,
      maxAge: "60s",
    },
    burn: {
      drill: { threshold: 2 },
      live: [
        { long: "1h", short: "5m", threshold: 14.4 },
        { long: "6h", short: "30m", threshold: 6 },
        { long: "1d", short: "2h", threshold: 3 },
        { long: "3d", short: "6h", threshold: 1 },
      ],
    },
    rules: [
      {
        match: "live-burn:*",
        on: "inconclusive",
        effect: "ignore",
        why: "a candidate that was just started has no hours behind it; remove this where the gate looks at a service that runs on",
      },
    ],
  };
}

/** `canary-policy.json`: the thresholds are built in; what differs from them is written here. */
export function canaryTemplate(): object {
  return { $schema: `${SCHEMAS}/canary-policy.schema.json`, schemaVersion: "1.0" };
}

/** `ownership-matrix.json`. */
export function ownershipTemplate(): object {
  return {
    $schema: `${SCHEMAS}/ownership-matrix.schema.json`,
    schemaVersion: "1.0",
    owners: { platform: { contact: "#platform", escalation: "the platform team's pager" } },
    default: { owner: "platform" },
    checks: [{ match: "probe:alive", owner: "platform" }],
  };
}
