import { describe, expect, it } from "vitest";
import { namespaceKernel } from "./namespace.js";

const config = { keepMs: 1000 };
const read = (nonce: number) => ({ op: "read", nonce }) as const;
const bump = (nonce: number) => ({ op: "bump", nonce }) as const;

describe("a namespace's epoch", () => {
  it("is made when it is first read, and stays while it is", () => {
    const first = namespaceKernel.step(undefined, 0, config, read(7));
    expect(first).toEqual({ granted: true, state: [7], ttlMs: 1000, decision: { epoch: 7 } });
    expect(namespaceKernel.step([7], 10, config, read(8))).toMatchObject({ state: [7], ttlMs: 1000 });
  });

  it("is another after a bump, whatever the chance", () => {
    expect(namespaceKernel.step([7], 0, config, bump(9)).decision.epoch).toBe(9);
    expect(namespaceKernel.step([7], 0, config, bump(7)).decision.epoch).not.toBe(7);
  });

  it("never falls back to one that was before when it is lost", () => {
    const lost = namespaceKernel.step(undefined, 5000, config, read(123)).decision.epoch;
    expect([0, 7, 9]).not.toContain(lost);
  });
});
