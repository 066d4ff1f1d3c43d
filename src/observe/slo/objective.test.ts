import { describe, expect, it } from "vitest";
import { objectivesOf } from "./objective.js";
import type { Slo } from "./slo.js";

const slo: Slo = { objective: 0.999, owner: "chat-team", runbook: "docs/runbooks/chat.md" };
const checked = (more: object) => objectivesOf("endpoint", "chat", { ...slo, ...more }, 'endpoint("chat").slo');

describe("objectivesOf", () => {
  it("has the workbook's four alerts, each with the calls it needs", () => {
    const [availability] = checked({});
    expect(availability).toMatchObject({ sli: "endpoint:chat", objective: 0.999, quick: undefined });
    expect(availability?.alerts).toEqual([
      {
        id: "endpoint:chat:page:3600",
        severity: "page",
        threshold: 14.4,
        longSec: 3600,
        shortSec: 300,
        callsNeeded: 695,
      },
      {
        id: "endpoint:chat:page:21600",
        severity: "page",
        threshold: 6,
        longSec: 21_600,
        shortSec: 1800,
        callsNeeded: 1667,
      },
      {
        id: "endpoint:chat:ticket:86400",
        severity: "ticket",
        threshold: 3,
        longSec: 86_400,
        shortSec: 7200,
        callsNeeded: 3334,
      },
      {
        id: "endpoint:chat:ticket:259200",
        severity: "ticket",
        threshold: 1,
        longSec: 259_200,
        shortSec: 21_600,
        callsNeeded: 10_000,
      },
    ]);
  });

  it("makes latency an objective of its own", () => {
    const [, latency] = checked({ latency: { within: "800ms", objective: 0.95 } });
    expect(latency).toMatchObject({ sli: "endpoint:chat:latency", objective: 0.95, owner: "chat-team" });
    expect(latency?.quick).toBeTypeOf("number");
    expect(latency?.alerts[0]?.id).toBe("endpoint:chat:latency:page:3600");
  });

  it("may have a budget and no alerts", () => {
    expect(checked({ alerts: [] })[0]?.alerts).toEqual([]);
  });

  const alert = { severity: "page", threshold: 10, long: "1h", short: "5m" };
  it.each([
    [{ objective: 1 }, 'endpoint("chat").slo.objective: got 1'],
    [{ objective: 0 }, "slo.objective"],
    [{ objective: "99.9" }, "slo.objective"],
    [{ owner: " " }, "slo.owner"],
    [{ runbook: undefined }, "slo.runbook"],
    [{ target: 0.9 }, "slo.target"],
    [{ objective: 0.9 }, "slo.alerts[0].threshold: got 14.4; allowed: above 0 and at most 10"],
    [{ alerts: [{ ...alert, threshold: 1001 }] }, "slo.alerts[0].threshold"],
    [{ alerts: [{ ...alert, threshold: 0 }] }, "slo.alerts[0].threshold"],
    [{ alerts: [{ ...alert, threshold: Number.NaN }] }, "slo.alerts[0].threshold"],
    [{ alerts: [{ ...alert, severity: "shout" }] }, "slo.alerts[0].severity"],
    [{ alerts: [{ ...alert, short: "1h" }] }, "slo.alerts[0].short"],
    [{ alerts: [{ ...alert, short: "10s" }] }, "slo.alerts[0].short"],
    [{ alerts: [{ ...alert, long: "31d" }] }, "slo.alerts[0].long"],
    [{ alerts: [alert, { ...alert, threshold: 3 }] }, "slo.alerts[1].long"],
    [{ alerts: "default" }, "slo.alerts"],
    [{ latency: { within: "1s", objective: 1 } }, "slo.latency.objective"],
    [{ latency: { within: "3m", objective: 0.95 } }, "slo.latency.within"],
    [{ latency: { within: "1s", objective: 0.9 } }, "slo.latency.alerts[0].threshold"],
    [{ latency: { within: "1s", objective: 0.95, p: 95 } }, "slo.latency.p"],
  ])("refuses %j", (more, message) => {
    expect(() => checked(more)).toThrow(message);
  });

  it("allows a threshold that is reached when every call is bad, to the last digit", () => {
    const bare = { ...alert, threshold: 10 };
    expect(checked({ objective: 0.9, alerts: [bare] })[0]?.alerts[0]?.callsNeeded).toBe(10);
  });
});
