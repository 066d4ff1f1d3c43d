import { z } from "zod";
import { glob } from "../filter.js";
import type { Check, RawCheck } from "../verdict.js";

const rule = z.strictObject({
  /** Ids of checks, with `*` for any part: `probe:chat*`, `burn:*`. The first rule that fits is taken. */
  match: z.string().min(1),
  owner: z.string().min(1),
  runbook: z.string().exactOptional(),
});

/** `ownership-matrix.json`: who is asked about which check. */
export const ownershipSchema = z
  .strictObject({
    $schema: z.string().exactOptional(),
    schemaVersion: z.string().regex(/^1\.\d+$/, "expected 1.x"),
    owners: z.record(
      z.string(),
      z.strictObject({ contact: z.string().min(1), escalation: z.string().exactOptional() }),
    ),
    default: z.strictObject({ owner: z.string().min(1), runbook: z.string().exactOptional() }),
    checks: z.array(rule).default([]),
  })
  .check(({ value, issues }) => {
    const named = [
      ["default", "owner", value.default.owner] as const,
      ...value.checks.map(({ owner }, at) => ["checks", at, "owner", owner] as const),
    ];
    for (const parts of named) {
      const owner = parts.at(-1) as string;
      if (!(owner in value.owners))
        issues.push({
          code: "custom",
          path: parts.slice(0, -1),
          message: `expected one of owners: ${Object.keys(value.owners).join(", ")}`,
          input: value,
        });
    }
  });
export type OwnershipMatrix = z.output<typeof ownershipSchema>;

/** Looks up who owns a check, and where it says what to do. */
export class Ownership {
  readonly #matrix: OwnershipMatrix | undefined;
  readonly #rules: readonly (readonly [pattern: RegExp, rule: z.output<typeof rule>])[];

  constructor(matrix: OwnershipMatrix | undefined) {
    this.#matrix = matrix;
    this.#rules = (matrix?.checks ?? []).map((each) => [glob(each.match), each]);
  }

  /** A check with its owner and runbook: its own, or those of the first rule that fits, or the default's. */
  complete(check: RawCheck): Check {
    const found = this.#rules.find(([matches]) => matches.test(check.id))?.[1] ?? this.#matrix?.default;
    const { reason } = check;
    return {
      id: check.id,
      title: check.title,
      verdict: check.verdict,
      ...(reason !== undefined && { reason }),
      owner: check.owner ?? found?.owner ?? null,
      runbook: check.runbook ?? found?.runbook ?? null,
      metric: check.metric ?? null,
      observed: check.observed ?? null,
      threshold: check.threshold ?? null,
      n: check.n ?? null,
    };
  }

  /** How to reach an owner: `#chat-team`. */
  contact(owner: string | null): string | undefined {
    return owner === null ? undefined : this.#matrix?.owners[owner]?.contact;
  }
}
