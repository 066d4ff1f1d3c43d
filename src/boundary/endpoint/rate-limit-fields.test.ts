import { describe, expect, it } from "vitest";
import { fieldString, PolicyField } from "./rate-limit-fields.js";

const decision = {
  allowed: true,
  limit: 100,
  remaining: 50,
  retryAfterMs: 0,
  resetMs: 29_001,
  at: 0,
  source: "store",
  degraded: false,
} as const;

describe("the RateLimit fields", () => {
  it("say the policy and what is left of it", () => {
    const field = new PolicyField("chat");
    expect(field.item({ name: "chat", limit: 100, windowMs: 60_000 })).toBe('"chat";q=100;w=60');
    expect(field.state(decision, false)).toBe('"chat";r=50;t=30');
  });

  it("follow a policy that changes", () => {
    const field = new PolicyField("chat");
    field.item({ name: "chat", limit: 100, windowMs: 60_000 });
    expect(field.item({ name: "chat", limit: 7, windowMs: 500 })).toBe('"chat";q=7;w=1');
  });

  it("say of a refusal when the same request could be allowed", () => {
    const refused = { ...decision, allowed: false, remaining: 0, retryAfterMs: 1, resetMs: 60_000 };
    expect(new PolicyField("chat").state(refused, true)).toBe('"chat";r=0;t=1');
  });

  it("give no time later than Retry-After says", () => {
    expect(new PolicyField("hour").state(decision, true)).toBe('"hour";r=50');
  });

  it("stay structured fields whatever the name", () => {
    expect(fieldString('a"b\\c\nü')).toBe('"a\\"b\\\\c??"');
  });
});
