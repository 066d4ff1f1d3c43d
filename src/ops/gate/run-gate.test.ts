import { createKit } from "keelson";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Artefact } from "../artefact/envelope.js";
import { openWorkspace } from "../config/load.js";
import { fakeIo, project, serve } from "../fixture.js";
import { runProbes } from "../probe/probes.js";
import type { Check } from "../verdict.js";
import { type GateDrill, runGate } from "./gate.js";

const SLO = {
  schemaVersion: "1.0",
  slos: [{ id: "chat", owner: "chat", objective: 0.99, scenario: "chat", sli: "upstream:search", runbook: "r.md" }],
};
const FRESH = { match: "live-burn:*", on: "inconclusive", effect: "ignore", why: "just started" };

/** A service whose snapshot comes from a kit, and whose health is as it is told. */
async function service(parts: { healthy?: boolean; restarts?: boolean } = {}) {
  const kits = [createKit({ service: "shop" }), createKit({ service: "shop" })];
  for (const kit of kits) kit.upstream("search", { breaker: { minimumCalls: 1, failureRate: 0.01 } });
  onTestFinished(async () => void (await Promise.all(kits.map((kit) => kit.close()))));
  let asked = 0;
  const server = await serve((request, response) => {
    if (request.url !== "/snapshot") return void response.writeHead(parts.healthy === false ? 500 : 200).end();
    const kit = kits[parts.restarts === true ? asked++ : 0] as (typeof kits)[number];
    kit.snapshot().then((snapshot) => response.end(JSON.stringify(snapshot)));
  });
  onTestFinished(() => server.close());
  return { url: server.url, kit: kits[0] as (typeof kits)[number] };
}

async function gate(url: string, policy: object, drilled: Partial<GateDrill> = {}, checks: readonly Check[] = []) {
  const folder = await project({
    "keelson.config.json": {
      service: "shop",
      target: url,
      snapshot: { url: "/snapshot" },
      probes: [{ id: "alive", steps: [{ request: { path: "/healthz" }, expect: { status: 200 } }] }],
    },
    "scripts/reliability/slo-baseline.json": SLO,
    "scripts/reliability/release-gate-policy.json": { schemaVersion: "1.0", ...policy },
  });
  const workspace = await openWorkspace(fakeIo(folder, { now: () => new Date() }));
  const parts: string[] = [];
  const artefact = await runGate(workspace, {
    probes: () => runProbes(workspace),
    drill: async (asked) => {
      const window = { valid: 1_000, bad: 0, sec: 30 };
      const data = { profile: asked.profile, burn: [{ slo: "chat", long: window, short: window }], ...drilled };
      return { id: "drill-1", verdict: "pass", checks, data } as unknown as Artefact<"load-drill", GateDrill>;
    },
    onPart: (part) => parts.push(part),
  });
  return { artefact, parts, reasons: artefact.data.reasons.map(({ check, effect }) => `${effect} ${check}`) };
}

describe("the gate", () => {
  it("releases what passes, and keeps what it is founded on", async () => {
    const { url } = await service();
    const { artefact, parts } = await gate(url, { rules: [FRESH] });
    expect(artefact.data.reasons).toEqual([]);
    expect(artefact.verdict).toBe("release");
    expect(parts).toEqual(["probes", "snapshot", "drill"]);
    expect(artefact.data).toMatchObject({ drill: { id: "drill-1", profile: "quick" }, snapshot: { service: "shop" } });
    expect(artefact.data.ignored).toHaveLength(4);
    expect(artefact.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "probe:alive",
        "snapshot:had",
        "snapshot:restart",
        "snapshot:breakers",
        "burn:chat",
        "live-burn:chat:1h-5m",
      ]),
    );
  });

  it("holds where the live service has too little behind it, unless a rule says why that doesn't matter", async () => {
    const { url } = await service();
    expect((await gate(url, {})).artefact.verdict).toBe("hold");
  });

  it("blocks where a probe fails, names its cause, and doesn't drill", async () => {
    const { url } = await service({ healthy: false });
    const { artefact, parts, reasons } = await gate(url, { rules: [FRESH] });
    expect(artefact.verdict).toBe("block");
    expect(reasons[0]).toBe("block probe:alive");
    expect(artefact.data.reasons[0]?.reason).toBe("GET /healthz: status: got 500, expected 200");
    expect(parts).toEqual(["probes", "snapshot"]);
    expect(artefact.data.drill).toBeNull();
  });

  it("blocks where the budget burns under load, with the SLO's owner and runbook", async () => {
    const { url } = await service();
    const window = { valid: 1_000, bad: 50, sec: 30 };
    const { artefact } = await gate(url, { rules: [FRESH] }, { burn: [{ slo: "chat", long: window, short: window }] });
    expect(artefact.verdict).toBe("block");
    expect(artefact.data.reasons).toEqual([
      {
        check: "burn:chat",
        effect: "block",
        reason: "burns the error budget 5 times too fast; allowed: 2 times (50 of 1000 calls were bad)",
        owner: "chat",
        runbook: "r.md",
      },
    ]);
  });

  it("blocks where a breaker is open, and where the service was started again", async () => {
    const broken = await service();
    const search = broken.kit.upstream("search2", { breaker: { minimumCalls: 1, failureRate: 0.01 } });
    await expect(search.run(() => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect((await gate(broken.url, { rules: [FRESH] })).artefact.data.reasons).toMatchObject([
      { check: "snapshot:breakers", effect: "block", reason: "not closed: search2 (open)" },
    ]);
    const restarted = await service({ restarts: true });
    expect((await gate(restarted.url, { rules: [FRESH] })).reasons).toEqual(["block snapshot:restart"]);
  });

  it("passes a failing check of the drill on, and holds what the drill can't tell", async () => {
    const { url } = await service();
    const check = (verdict: Check["verdict"]): Check => ({
      id: "drill:chat:p95",
      title: "p95",
      verdict,
      reason: "slow",
      owner: "chat",
      runbook: null,
      metric: "p95Ms",
      observed: 900,
      threshold: 400,
      n: 300,
    });
    expect((await gate(url, { rules: [FRESH] }, {}, [check("fail")])).reasons).toEqual(["block drill:chat:p95"]);
    expect((await gate(url, { rules: [FRESH] }, {}, [check("inconclusive")])).reasons).toEqual(["hold drill:chat:p95"]);
  });

  it("can't tell of an indicator that has counted nothing yet, and refuses one that isn't there", async () => {
    const { kit } = await service();
    const snapshot = await kit.snapshot();
    const { upstreams: _, ...slis } = snapshot.slis;
    const bare = await serve((request, response) => {
      response.end(
        request.url === "/snapshot" ? JSON.stringify({ ...snapshot, slis: { ...slis, upstreams: {} } }) : "",
      );
    });
    onTestFinished(() => bare.close());
    const { artefact } = await gate(bare.url, {});
    expect(artefact.checks.find(({ id }) => id === "live-burn:chat:1h-5m")?.verdict).toBe("inconclusive");
    const none = { ...snapshot, slis: { ...slis, upstreams: {} }, upstreams: {} };
    const gone = await serve((request, response) => {
      response.end(request.url === "/snapshot" ? JSON.stringify(none) : "");
    });
    onTestFinished(() => gone.close());
    await expect(gate(gone.url, {})).rejects.toThrow("slo chat: the snapshot has no upstream:search");
  });

  it("refuses windows that the snapshot doesn't have, and thresholds that can't be reached", async () => {
    const { url } = await service();
    const live = (pair: object) => gate(url, { burn: { live: [pair] } });
    await expect(live({ long: "10m", short: "5m", threshold: 2 })).rejects.toThrow(
      "burn.live: the snapshot has no window of 10m; it has 5m, 30m, 1h, 2h, 6h, 1d, 3d",
    );
    await expect(live({ long: "1h", short: "5m", threshold: 101 })).rejects.toThrow("above 0 and at most 100");
  });
});
