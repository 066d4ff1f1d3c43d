import { describe, expect, it } from "vitest";
import { checked } from "./artefact/read.js";
import { configSchema } from "./config/config.js";
import { ownershipSchema } from "./config/ownership.js";
import { sloBaselineSchema } from "./config/slo.js";
import { gatePolicySchema } from "./gate/policy.js";

const config = { service: "shop", target: "http://127.0.0.1:8080" };
const probe = { id: "alive", steps: [{ request: { path: "/healthz" } }] };
const slo = { id: "chat", owner: "chat", objective: 0.99 };

describe("a configuration that is wrong", () => {
  it.each([
    [{}, "c: service: got nothing; expected string"],
    [{ ...config, target: "shop" }, 'c: target: got "shop"; expected an http(s) address'],
    [{ ...config, target: "ftp://shop" }, 'c: target: got "ftp://shop"; expected an http(s) address'],
    [{ ...config, target: { url: "http://a", header: {} } }, "c: target.header: there is no such setting"],
    [{ ...config, porbes: [] }, "c: porbes: there is no such setting"],
    [{ ...config, probes: [{ ...probe, id: "a b" }] }, 'c: probes[0].id: got "a b"; expected letters, digits'],
    [{ ...config, probes: [{ ...probe, steps: [] }] }, "c: probes[0].steps: got []; too small"],
    [
      { ...config, probes: [{ ...probe, steps: [{ request: { path: "healthz" } }] }] },
      'c: probes[0].steps[0].request.path: got "healthz"; expected a path that begins with /',
    ],
    [
      { ...config, probes: [{ ...probe, steps: [{ request: { path: "/" }, expect: { status: "ok" } }] }] },
      'c: probes[0].steps[0].expect.status: got "ok"',
    ],
    [
      { ...config, probes: [{ ...probe, steps: [{ request: { path: "/" }, expect: { json: { "items[": 1 } } }] }] },
      "expected a JSONPath by RFC 9535",
    ],
    [
      { ...config, probes: [{ ...probe, steps: [{ request: { path: "/" }, expect: { within: "soon" } }] }] },
      'c: probes[0].steps[0].expect.within: got "soon"; expected a duration',
    ],
    [{ ...config, profiles: { mine: { stages: [{ duration: "1s" }] } } }, "c: profiles.mine.stages[0]"],
    [
      { ...config, scenarios: { chat: { request: { path: "/" }, payload: "x" } } },
      'c: scenarios.chat.payload: got "x"; expected a function',
    ],
  ])("is told of by its path: %j", (given, message) => {
    expect(() => checked("c", configSchema, given)).toThrow(message);
  });

  it("tells of everything that is wrong at once", () => {
    const given = { ...config, service: 1, seed: -1 };
    expect(() => checked("c", configSchema, given)).toThrow(/^c: service: got 1; .*\nc: seed: got -1; /);
  });
});

describe("a policy that is wrong", () => {
  it("can't promise everything, for that leaves no budget", () => {
    const given = { schemaVersion: "1.0", slos: [{ ...slo, objective: 1 }] };
    expect(() => checked("slo", sloBaselineSchema, given)).toThrow(
      "slo: slos[0].objective: got 1; expected below 1: an objective of 1 leaves no error budget",
    );
  });

  it("of a later version is refused", () => {
    const given = { schemaVersion: "2.0", slos: [slo] };
    expect(() => checked("slo", sloBaselineSchema, given)).toThrow('slo: schemaVersion: got "2.0"; expected 1.x');
  });

  it("must say why a check is ignored", () => {
    const given = { schemaVersion: "1.0", rules: [{ match: "probe:*", on: "fail", effect: "ignore" }] };
    expect(() => checked("gate", gatePolicySchema, given)).toThrow(
      "gate: rules[0].why: got nothing; expected the reason for ignoring it",
    );
  });

  it("must name owners that there are", () => {
    const given = { schemaVersion: "1.0", owners: { a: { contact: "#a" } }, default: { owner: "b" } };
    expect(() => checked("own", ownershipSchema, given)).toThrow(
      'own: default.owner: got "b"; expected one of owners: a',
    );
  });
});
