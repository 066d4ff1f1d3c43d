import pino from "pino";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { troubledKit } from "../../sinks/troubled-kit.fixture.js";
import { type LogFields, type Logger, logs } from "./logs.js";

function memoryLogger() {
  const lines: [level: string, fields: LogFields, message: string][] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push([level, fields, message]);
  const logger: Logger = { info: at("info"), warn: at("warn"), error: at("error") };
  return { lines, logger };
}

describe("logs", () => {
  it("writes what happened as a structured line, a moment later", async () => {
    const { kit, clock, open } = troubledKit();
    const { lines, logger } = memoryLogger();
    logs(kit, logger);
    await open();
    expect(lines).toEqual([]);
    await clock.advance(100);
    expect(lines).toEqual([
      [
        "error",
        expect.objectContaining({ event: "breaker.open", service: "shop", subject: "llm", from: "closed", to: "open" }),
        expect.stringMatching(/^The circuit of "llm" has opened/),
      ],
    ]);
  });

  it("fits pino, whose lines have the error with its stack", async () => {
    const { kit, ask, failing } = troubledKit();
    const written: string[] = [];
    const sink = logs(kit, pino({ name: "app" }, { write: (line: string) => void written.push(line) }));
    failing(new Error("a slip"));
    expect((await ask("/free", { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` })).status).toBe(500);
    await sink.flush();
    expect(JSON.parse(written.join(""))).toMatchObject({
      level: 50,
      name: "app",
      event: "endpoint.internal",
      subject: "free",
      status: 500,
      traceId: "a".repeat(32),
      err: { stack: expect.stringContaining("a slip") },
    });
  });

  it("never writes a key, for those name users", async () => {
    const { kit, turns, pages, ask } = troubledKit();
    const { lines, logger } = memoryLogger();
    const sink = logs(kit, logger, { requests: 1 });
    for (let n = 0; n < 5; n++) await turns.check("user-4711");
    await pages.read("user-4711", () => Promise.reject(new Error("no"))).catch(() => undefined);
    await ask("/api/chat/user-4711");
    await sink.flush();
    expect(lines.map(([, { event }]) => event)).toEqual(["cache.failed", "request"]);
    expect(JSON.stringify(lines)).not.toContain("4711");
  });

  it("writes the first of many alike, and then how many there were", async () => {
    const { kit, clock, ask, failing } = troubledKit();
    const { lines, logger } = memoryLogger();
    const sink = logs(kit, logger, { burst: 2, every: "10s" });
    failing(new Error("a slip"));
    for (let n = 0; n < 20; n++) await ask("/free");
    await clock.advance(10_200);
    expect(lines.map(([, { suppressed }]) => suppressed)).toEqual([undefined, undefined, 18]);
    expect(sink.stats).toEqual({ sent: 3, dropped: 0, failed: 0, suppressed: 18 });
  });

  it("writes a share of the requests that went well", async () => {
    const { kit, ask } = troubledKit();
    const { lines, logger } = memoryLogger();
    const sink = logs(kit, logger, { requests: 0.25 });
    for (let n = 0; n < 8; n++) await ask("/free");
    await sink.flush();
    expect(lines.map(([level, { event, status }]) => [level, event, status])).toEqual([
      ["info", "request", 200],
      ["info", "request", 200],
    ]);
  });

  it("keeps a logger that throws away from requests, and tells of it once", async () => {
    const { kit, clock, ask, failing } = troubledKit();
    const errors: unknown[] = [];
    const broken = () => {
      throw new Error("disk full");
    };
    const sink = logs(kit, { info: broken, warn: broken, error: broken }, { onError: (error) => errors.push(error) });
    failing(new Error("a slip"));
    expect((await ask("/free")).status).toBe(500);
    await clock.advance(100);
    expect([errors, sink.stats.failed]).toEqual([[new Error("disk full")], 1]);
  });

  it("ends with the kit, and writes what was left", async () => {
    const { kit, clock, open } = troubledKit();
    const { lines, logger } = memoryLogger();
    logs(kit, logger);
    await open();
    await kit.close();
    expect(lines.length).toBe(1);
    kit.events.emit("cache.cleared", { name: "x", version: "1" });
    await clock.advance(1_000);
    expect(lines.length).toBe(1);
  });

  it("refuses wrong options", () => {
    const { kit } = troubledKit();
    const { logger } = memoryLogger();
    expect(() => logs(kit, logger, { requests: 2 })).toThrow(/logs\.requests: got 2/);
    expect(() => logs(kit, logger, { burst: 0 })).toThrow(ConfigError);
    expect(() => logs(kit, logger, { evrey: 1 } as object)).toThrow(/logs\.evrey/);
  });
});
