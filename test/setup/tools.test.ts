import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, it, onTestFinished } from "vitest";
import { ask, startRedis } from "./redis.js";

it("redis-server answers a ping", async () => {
  const redis = await startRedis(inject("redisServer"));
  onTestFinished(() => redis.stop());
  expect(await ask(redis.host, redis.port, "PING")).toBe("+PONG");
});

it("Chromium shows what the scripts of a local page made of it", async () => {
  const found = inject("chromium");
  if (found.kind !== "command") throw new Error("Chromium is a command");
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>t</title><p id=a></p><script>a.textContent = 6 * 7</script>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = mkdtempSync(join(tmpdir(), "keelson-chromium-"));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true });
  });
  const { stdout } = await promisify(execFile)(
    found.path,
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      `--user-data-dir=${profile}`,
      "--dump-dom",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ],
    { timeout: 50_000 },
  );
  expect(stdout).toContain('<p id="a">42</p>');
});
