import { fileURLToPath } from "node:url";
import { EdgeVM } from "@edge-runtime/vm";
import { build } from "esbuild";
import { expect, it } from "vitest";

const entry = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

/** The core entry with all it imports, as a bundler for no platform in particular makes it. */
async function bundle(code: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    bundle: true,
    write: false,
    metafile: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    // What bundlers for edge runtimes ask packages for: lru-cache looks for a module of Node's elsewhere.
    conditions: ["edge-light", "worker", "browser"],
    format: "iife",
    target: "es2022",
    external: ["node:*"],
    logLevel: "silent",
  });
  return {
    text: outputFiles[0]?.text ?? "",
    imports: Object.values(metafile.inputs).flatMap(({ imports }) => imports),
  };
}

it("reaches none of Node's modules, not even through what it depends on", async () => {
  const { imports } = await bundle(`export * from ${JSON.stringify(entry)}`);
  expect(imports.length).toBeGreaterThan(50);
  expect(imports.filter(({ path, external }) => external === true || path.startsWith("node:"))).toEqual([]);
});

it("serves a request where there is neither process nor Buffer nor require", async () => {
  const { text } = await bundle(`
    import { anonymous, createKit, unlimited } from ${JSON.stringify(entry)};
    globalThis.answer = (async () => {
      const kit = createKit({ service: "edge" });
      const upstream = kit.upstream("search", { timeout: "1s", retry: { attempts: 2 }, breaker: {}, bulkhead: { maxConcurrent: 2 } });
      const chatTurns = kit.limiter("chat", { algorithm: "gcra", limit: 1, per: "1m" });
      kit.endpoint({
        name: "search", method: "GET", path: "/search/:q", auth: anonymous("a test"),
        limits: [{ limiter: chatTurns, by: () => "everyone" }],
        handler: async () => Response.json({ found: await upstream.run(() => 42) }),
      });
      const first = await kit.fetch(new Request("http://edge/search/x"));
      const second = await kit.fetch(new Request("http://edge/search/x"));
      const { limiters, upstreams } = await kit.snapshot();
      const seen = [first.status, await first.json(), second.status, limiters.chat.denied, upstreams.search.successes];
      await kit.close();
      return JSON.stringify(seen);
    })();
    void unlimited;
  `);
  const vm = new EdgeVM();
  expect(["process", "Buffer", "require", "setImmediate"].map((name) => vm.evaluate(`typeof ${name}`))).toEqual(
    Array(4).fill("undefined"),
  );
  vm.evaluate(text);
  expect(JSON.parse(await vm.evaluate<Promise<string>>("answer"))).toEqual([200, { found: 42 }, 429, 1, 1]);
});
