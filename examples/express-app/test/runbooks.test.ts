import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createService } from "../service/service.js";
import { startStandIns } from "../stand-ins/stand-ins.js";

const RUNBOOKS = fileURLToPath(new URL("../../../docs/runbooks/", import.meta.url));

describe("the runbooks' levers", () => {
  it("are those of the service, and stand on what it has", async () => {
    const standIns = await startStandIns();
    const service = createService(standIns.env);
    const there = service.kit.levers
      .catalogue()
      .flatMap(({ lever, targets }) => targets.map((target) => `${lever} on ${target}`));
    const named = readdirSync(RUNBOOKS)
      .filter((file) => file !== "README.md")
      .flatMap((file) => {
        const text = readFileSync(join(RUNBOOKS, file), "utf8");
        return [...text.matchAll(/`([a-z]+\.[a-z-]+)`\s+on\s+`([^`]+)`/g)].map(
          ([, lever, target]) => `${lever} on ${target}`,
        );
      });
    await service.close();
    await standIns.close();
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((lever) => !there.includes(lever))).toEqual([]);
  });
});
