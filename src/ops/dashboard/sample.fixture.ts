import { seeded } from "../../core/seeded.js";
import type { Artefact } from "../artefact/envelope.js";
import type { Verdict } from "../verdict.js";
import { listed, sampleArtefact, sampleCheck, sampleExperiment, sampleScenario } from "./parts.fixture.js";
import { SAMPLE_BASELINE, SAMPLE_NOW } from "./policies.fixture.js";
import type { SnapshotPart } from "./sources.js";

const DAY = 86_400_000;

const OWNERS: Record<string, [owner: string, runbook: string]> = {
  chat: ["chat-team", "docs/runbooks/chat-latency.md"],
  gmail_push_webhook: ["integrations-team", "docs/runbooks/gmail-push.md"],
  whatsapp_webhook: ["integrations-team", "docs/runbooks/whatsapp-webhook.md"],
  search: ["search-team", "docs/runbooks/search-down.md"],
};
const LATENCIES: Record<string, [median: number, sigma: number]> = {
  chat: [96, 0.5],
  gmail_push_webhook: [14, 0.55],
  whatsapp_webhook: [19, 0.5],
  search: [48, 0.6],
};
const LIMITS: Record<string, number> = { chat: 300, gmail_push_webhook: 60, whatsapp_webhook: 80, search: 180 };
const EXPERIMENTS: [title: string, owner: string, runbook: string, seconds: number][] = [
  ["The language model answers slowly", "chat-team", "docs/runbooks/chat-latency.md", 9],
  ["Web search is down", "search-team", "docs/runbooks/search-down.md", 12],
  ["Gmail's OAuth fails", "integrations-team", "docs/runbooks/gmail-push.md", 21],
  ["Redis is gone", "platform-team", "docs/runbooks/store-unavailable.md", 34],
  ["A flood of webhooks", "integrations-team", "docs/runbooks/whatsapp-webhook.md", 15],
  ["The queue of tools is full", "platform-team", "docs/runbooks/queue-saturated.md", 48],
];

function drill(random: () => number, at: Date, profile: string, slow: number, bad: number): Artefact<"load-drill"> {
  const scenarios = Object.fromEntries(
    Object.entries(LATENCIES).map(([name, [median, sigma]]) => {
      const drift = 1 + (random() - 0.5) * 0.14;
      const factor = name === "chat" ? slow : name === "search" ? 1 + (slow - 1) / 4 : 1;
      const count = (share: number) => Math.round(1_500 * share * random());
      const ends = {
        expected4xx: count(0.02),
        "5xx": count(bad),
        timeout: count(name === "chat" ? bad * 1.6 : bad / 4),
        network: count(bad / 8),
        unknown: count(bad / 10),
      };
      return [name, sampleScenario(random, 1_500, median * drift * factor, sigma, ends)];
    }),
  );
  const checks = Object.entries(scenarios).flatMap(([name, { latency }]) => {
    const [owner = null, runbook = null] = OWNERS[name] ?? [];
    const limit = LIMITS[name] ?? 0;
    const late = latency.p95Ms > limit;
    return sampleCheck(`drill:${name}:p95`, late ? "fail" : "pass", {
      title: `95 % of ${name} within ${limit} ms`,
      ...(late && { reason: `p95 was ${Math.round(latency.p95Ms)} ms` }),
      owner,
      runbook,
      metric: "p95Ms",
      observed: latency.p95Ms,
      threshold: limit,
      n: latency.n,
    });
  });
  const burn = SAMPLE_BASELINE.slos.map(({ id, objective, scenario }) => {
    const names = [scenario].flat();
    const badOnes = names.reduce((sum, name) => {
      const { outcomes } = scenarios[name] as ReturnType<typeof sampleScenario>;
      return sum + outcomes["5xx"] + outcomes.timeout + outcomes.network + outcomes.unknown;
    }, 0);
    const valid = 1_500 * names.length;
    const rate = Number((badOnes / valid / (1 - objective)).toFixed(3));
    return { slo: id, long: { valid, bad: badOnes, rate }, short: { valid: valid / 12, bad: badOnes / 12, rate } };
  });
  const burns = burn.map(({ slo, long }) =>
    sampleCheck(`burn:${slo}:long`, long.rate > 14.4 ? "fail" : "pass", {
      title: `${slo} burns at most 14.4×`,
      metric: "burnRate",
      observed: long.rate,
      threshold: 14.4,
      n: long.valid,
    }),
  );
  const all = [...checks, ...burns];
  const verdict = all.some((check) => check.verdict === "fail") ? "fail" : "pass";
  return sampleArtefact("load-drill", at, verdict, all, { profile, scenarios: listed(scenarios), burn });
}

/** Four weeks of a service's artefacts: mostly well, of late with a chat that has become slow. The same for a seed. */
export function sampleArtefacts(seed = 7): Artefact[] {
  const random = seeded(seed);
  const before = (days: number, hours = 0) => new Date(SAMPLE_NOW.getTime() - days * DAY - hours * 3_600_000);
  const made: Artefact[] = [];
  for (let n = 13; n >= 0; n--) {
    const slow = n === 0 ? 1.52 : n === 1 ? 1.2 : n === 6 ? 1.28 : 1;
    const drilled = drill(random, before(n * 2, 2), "standard", slow, n === 6 ? 0.02 : n === 0 ? 0.012 : 0.003);
    const probes = [
      "chat-preflight",
      "chat-auth-guard",
      "gmail-push-guard",
      "whatsapp-verification",
      "whatsapp-signature",
    ].map((id) =>
      sampleCheck(`probe:${id}`, "pass", {
        title: id.replaceAll("-", " "),
        metric: "status",
        observed: 401,
        threshold: 401,
        n: 1,
      }),
    );
    const queue = sampleCheck("live:queue-pressure", n === 0 ? "warn" : "pass", {
      title: "The queue of tools is at most 70 % full",
      ...(n === 0 && { reason: "search_web is 78 % full" }),
      owner: "platform-team",
      runbook: "docs/runbooks/queue-saturated.md",
      metric: "pressure",
      observed: n === 0 ? 0.78 : 0.2,
      threshold: 0.7,
    });
    made.push(
      drilled,
      sampleArtefact("synthetic-probes", before(n * 2, 3), "pass", probes, { probes: [] }),
      sampleArtefact(
        "release-gate",
        before(n * 2, 1),
        drilled.verdict === "fail" ? "block" : n === 4 ? "hold" : "release",
        [...probes, ...drilled.checks, queue],
        { reasons: [] },
      ),
    );
  }
  for (let n = 5; n >= 0; n--) {
    const verdict: Verdict = n === 3 ? "rollback" : n === 0 ? "hold" : "promote";
    const few = sampleCheck("canary:chat:p95", n === 0 ? "inconclusive" : n === 3 ? "fail" : "pass", {
      title: "chat is no slower than the release before",
      ...(n === 0 && { reason: "612 samples of the candidate; a promotion needs 1,000" }),
      metric: "p95Ratio",
      observed: 1.04,
      threshold: 1.1,
      n: 612,
    });
    made.push(sampleArtefact("canary-check", before(n * 4 + 1, 5), verdict, [few], {}));
  }
  for (let n = 2; n >= 0; n--)
    for (const profile of ["burst", "soak", "quick"]) made.push(drill(random, before(n * 9 + 3, 8), profile, 1, 0.004));
  for (let n = 7; n >= 0; n--) {
    const experiments = EXPERIMENTS.filter(() => n < 6 || random() > 0.3).map(
      ([title, owner, runbook, seconds], at) => {
        const deviated = (n === 5 && at === 3) || (n === 0 && at === 5);
        const aborted = n === 3 && at === 2;
        return sampleExperiment({
          title,
          status: aborted ? "aborted" : deviated ? "failed" : "completed",
          deviated,
          owner,
          runbook,
          recoveredMs: aborted || deviated ? null : Math.round(seconds * 1_000 * (0.8 + random() * 0.6 + n / 12)),
        });
      },
    );
    const failed = experiments.some(({ journal }) => journal.deviated);
    const check = sampleCheck("gameday:queue-saturated", failed ? "fail" : "pass", {
      title: "The queue of tools is full: steady state holds",
      ...(failed && { reason: "jobs waited 94 s; at most 60 s" }),
      owner: "platform-team",
      runbook: "docs/runbooks/queue-saturated.md",
      metric: "oldestMs",
      observed: failed ? 94_000 : 31_000,
      threshold: 60_000,
    });
    made.push(sampleArtefact("game-day", before(n * 3.5 + 0.2), failed ? "fail" : "pass", [check], { experiments }));
  }
  return made;
}

/** A snapshot of the sample's service: chat has burnt fast for an hour. */
export function sampleSnapshot(): SnapshotPart {
  const secs = [300, 1_800, 3_600, 7_200, 21_600, 86_400, 259_200];
  const sli = (perSec: number, shares: readonly number[]) => ({
    windows: secs.map((sec, at) => {
      const valid = Math.round(sec * perSec);
      return { sec, valid, bad: Math.round(valid * (shares[at] ?? 0)), coveredSec: sec };
    }),
  });
  return {
    version: 1,
    service: "shop-assistant",
    bootId: "b7c1",
    at: SAMPLE_NOW.getTime() - 60_000,
    slis: {
      endpoints: {
        chat: sli(6, [0.021, 0.019, 0.0152, 0.0113, 0.0074, 0.0049, 0.0041]),
        "whatsapp-webhook": sli(9, [0, 0.0002, 0.0002, 0.0003, 0.0003, 0.0002, 0.0002]),
      },
      upstreams: { serper: sli(2, [0.004, 0.003, 0.004, 0.005, 0.004, 0.006, 0.0052]) },
    },
  };
}
