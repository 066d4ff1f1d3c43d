import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FaultyUpstream, faultyUpstream } from "../../testing/faulty-upstream/faulty-upstream.js";
import { Kept, lane, SELF_SIGNED, stage } from "./fixture.js";
import { load, NEVER } from "./load.fixture.js";
import { measure } from "./measure.js";

/** An upstream whose paths say how it fails. */
async function faulty(): Promise<FaultyUpstream> {
  const upstream = await faultyUpstream({
    handler: (request) => {
      const [, name, status] = new URL(request.url).pathname.split("/");
      return Response.json({ name }, { status: Number(status ?? 200) });
    },
  });
  onTestFinished(() => upstream.close());
  return upstream;
}

describe("outcomes", () => {
  it("are told apart: each lane has its own, with the reason", async () => {
    const upstream = await faulty();
    upstream.inject({ kind: "reset", route: "/reset" });
    upstream.inject({ kind: "hang", route: "/hang" });
    upstream.inject({ kind: "hang", before: "body", route: "/half" });
    upstream.inject({ kind: "garbage", form: "truncated", route: "/cut" });
    const at = (path: string) => ({ request: { path } });
    const brief = (path: string) => ({ request: { path, timeout: 150 } });
    const lanes = [
      lane("fine", upstream.url, {}),
      lane("500", upstream.url, at("/x/500")),
      lane("404", upstream.url, at("/x/404")),
      lane("429 allowed", upstream.url, { ...at("/x/429"), allow4xx: [429] }),
      lane("429 wanted", upstream.url, { ...at("/x/429"), expect: { status: 429 }, allow4xx: [429] }),
      lane("200 for 401", upstream.url, { ...at("/x/200"), expect: { status: 401 } }),
      lane("503 wanted", upstream.url, { ...at("/x/503"), expect: { status: 503 } }),
      lane("wrong json", upstream.url, { ...at("/x/200"), expect: { json: { "$.name": "y" } } }),
      lane("right json", upstream.url, {
        ...at("/x/200"),
        expect: { json: { "$.name": "x" }, headers: { "content-type": { contains: "json" } } },
      }),
      lane("reset", upstream.url, at("/reset")),
      lane("hang", upstream.url, brief("/hang")),
      lane("half", upstream.url, brief("/half")),
      lane("cut", upstream.url, at("/cut")),
      lane("nobody", "http://127.0.0.1:1", {}),
    ];
    const { lanes: measured } = await measure(load(lanes), {
      stages: [stage({ duration: "140ms", rate: 1000 })],
      signal: NEVER,
    });
    const endings = measured.map(({ scenario, outcomes, reasons }) => [
      scenario,
      Object.entries(outcomes).flatMap(([outcome, count]) => (count > 0 ? [outcome] : [])),
      reasons.map(({ reason }) => reason),
    ]);
    expect(endings).toEqual([
      ["fine", ["success"], []],
      ["500", ["5xx"], ["status 500"]],
      ["404", ["unknown"], ["status 404"]],
      ["429 allowed", ["expected4xx"], ["status 429"]],
      ["429 wanted", ["success"], []],
      ["200 for 401", ["unknown"], ["status 200"]],
      ["503 wanted", ["success"], []],
      ["wrong json", ["unknown"], ['json $.name: expected "y"']],
      ["right json", ["success"], []],
      ["reset", ["network"], [expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/)]],
      ["hang", ["timeout"], ["no answer in 150 ms"]],
      ["half", ["timeout"], ["no answer in 150 ms"]],
      ["cut", ["network"], [expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/)]],
      ["nobody", ["network"], ["ECONNREFUSED"]],
    ]);
    const by = new Map(measured.map((one) => [one.scenario, one]));
    expect(by.get("429 allowed")).toMatchObject({ valid: 0, bad: 0, response: { n: 0 } });
    const hang = by.get("hang");
    expect(hang?.response).toMatchObject({ n: hang?.valid, censored: hang?.valid });
    expect(hang?.service.p50Ms).toBeGreaterThanOrEqual(150);
  });

  it("of what is no HTTP is unknown, and not the network's", async () => {
    const raw = createTcpServer((socket) => socket.once("data", () => socket.end("hello\r\n\r\n"))).listen(
      0,
      "127.0.0.1",
    );
    await new Promise((resolve) => raw.once("listening", resolve));
    onTestFinished(() => void raw.close());
    const kept = new Kept();
    const { port } = raw.address() as AddressInfo;
    await load([lane("a", `http://127.0.0.1:${port}`, {})]).run([stage({ duration: "100ms", rate: 50 })], {
      sink: kept,
      signal: NEVER,
    });
    expect(new Set(kept.requests.map(({ outcome }) => outcome))).toEqual(new Set(["unknown"]));
    expect([...kept.reasons.keys()]).toEqual([expect.stringMatching(/does not match the HTTP/)]);
  });
});

describe("over TLS", () => {
  it.each([
    [
      "a certificate that nobody vouches for is a failure of the network",
      false,
      10,
      "network",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ],
    ["it is taken where the target says so", true, 10, "success", undefined],
    ["how long it is valid can be expected", true, 1_000_000, "unknown", "tlsDaysLeft: expected 1000000"],
  ] as const)("%s", async (_, insecureTls, tlsDaysLeft, outcome, reason) => {
    const secure = createServer(SELF_SIGNED, (_request, response) => void response.end("ok"));
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      secure.closeAllConnections();
      secure.close();
    });
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const made = load([{ ...lane("a", url, { expect: { tlsDaysLeft } }), target: { url, headers: {}, insecureTls } }]);
    const { lanes } = await measure(made, { stages: [stage({ duration: "100ms", rate: 30 })], signal: NEVER });
    expect(lanes[0]?.outcomes[outcome]).toBe(3);
    expect(lanes[0]?.reasons[0]?.reason).toBe(reason);
  });
});
