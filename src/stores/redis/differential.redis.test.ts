import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { twins } from "../scripted/twins/all.js";
import { traced } from "../scripted/twins/traces.fixture.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

/** What a key holds: its values as text, numbers to the last digit, and when it goes. */
const INSPECT = `
local raw = redis.call('GET', KEYS[1])
if not raw then return {} end
local state = ARGV[1] ~= '' and { struct.unpack(ARGV[1], raw) } or cmsgpack.unpack(raw)
if ARGV[1] ~= '' then state[#state] = nil end
local time = redis.call('TIME')
local told = { string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + redis.call('PTTL', KEYS[1])) }
-- From here on it goes by the trace's time only, however slow the machine is.
redis.call('PERSIST', KEYS[1])
for _, value in ipairs(state) do
  told[#told + 1] = type(value) == 'number' and string.format('%.0f', value) or '=' .. value
end
return told
`;

/** Three clocks, each cut to whole milliseconds: this process's, that of the server, and that of its script. */
const CLOCKS_MS = 3;

const { client, close } = ioRedis();
afterAll(close);

describe("every kernel has a twin", () => {
  it("and every twin a kernel", () => {
    const names = (of: readonly { readonly name: string; readonly version: number }[]) =>
      of.map(({ name, version }) => `${name}@${version}`).sort();
    expect(names(twins)).toEqual(names(traced.map(({ kernel }) => kernel)));
  });
});

describe.each(traced.map((one) => [one.kernel.name, one] as const))(
  "the twin of %s",
  (name, { kernel, steps, flat, follow }) => {
    it("decides, keeps and forgets as the kernel does, to the last bit", async () => {
      let now = 0;
      const prefix = uniquePrefix("differential");
      const store = redisStore(client, { prefix, now: () => now, deadline: "10s" });
      const cells = store.open(kernel, "cells");
      const { width } = twins.find((twin) => twin.name === name) ?? {};
      const format = width === undefined ? "" : `>${"d".repeat(width + 1)}`;
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 20 }), async (trace) => {
          const key = `${runs++}`;
          const held = `${prefix}:cells:${key}`;
          const decisions: object[] = [];
          now = 1_764_000_000_000;
          let state: unknown;
          let until = 0;
          for (const { afterMs, config, input } of trace) {
            now += afterMs;
            const asked = follow?.(input, decisions) ?? input;
            // The server's own time goes on by itself: what has run out by the trace's is taken away.
            if (until <= now) {
              await client.del(held);
              state = undefined;
            }
            const from = Date.now();
            const decision = await cells.step(key, config, asked);
            const to = Date.now();
            const step = kernel.step(state, now, config, asked);
            expect(decision).toEqual(step.decision);
            decisions.push(step.decision);
            if (step.state === undefined) continue;
            const gone = step.state === null || step.ttlMs < 1;
            state = gone ? undefined : step.state;
            until = gone ? 0 : now + step.ttlMs;
            const [goesAt, ...values] = (await client.eval(INSPECT, 1, held, format)) as string[];
            if (gone) {
              expect(goesAt).toBeUndefined();
              continue;
            }
            if (goesAt === undefined && Date.now() - from >= step.ttlMs) {
              // It mattered for so short a time that it was over before it could be looked at.
              state = undefined;
              until = 0;
              continue;
            }
            const expected = [kernel.version, ...flat(step.state)];
            expect(values).toEqual(
              expected.map((value) => (typeof value === "number" ? value.toFixed(0) : `=${value}`)),
            );
            const writtenAt = Number(goesAt) - step.ttlMs;
            expect(writtenAt).toBeGreaterThanOrEqual(from - CLOCKS_MS);
            expect(writtenAt).toBeLessThanOrEqual(to + CLOCKS_MS);
          }
        }),
        { numRuns: 120 },
      );
    });
  },
);
