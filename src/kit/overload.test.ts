import { describe, expect, it } from "vitest";
import { anonymous, unlimited } from "../boundary/declare.js";
import { knob } from "../boundary/knobs/knob.js";
import { perCall } from "../core/binding.js";
import { snapshotSchema } from "../schema.js";
import { ManualClock } from "../testing/manual-clock.js";
import { createKit } from "./kit.js";

const open = { auth: anonymous("a test"), limits: unlimited("a test") } as const;
const request = () => new Request("http://shop.example/a");

describe("the overload guard of a kit", () => {
  it("stands before its endpoints, follows its knobs, and is in its snapshot", async () => {
    const clock = new ManualClock();
    const kit = createKit({
      service: "shop",
      clock,
      env: {},
      knobs: { MOST: knob.int({ default: 1, min: 1 }) },
      overload: { minLimit: 1, maxLimit: (k) => k.MOST },
    });
    let answer: (value: object) => void = () => undefined;
    const handler = () =>
      new Promise<object>((resolve) => {
        answer = resolve;
      });
    kit.endpoint({ name: "a", method: "GET", path: "/a", ...open, handler });
    const first = kit.fetch(request());
    expect((await kit.fetch(request())).status).toBe(503);
    answer({});
    expect((await first).status).toBe(200);
    kit.knobSet.set("MOST", 50);
    const snapshot = await kit.snapshot();
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(snapshot.overload).toMatchObject({
      adaptive: true,
      inFlight: 0,
      admitted: 1,
      shed: { normal: 1 },
      config: { maxLimit: 50 },
    });
    // The refusal is a failure of the service's, and is one in its indicator.
    expect(snapshot.slis.endpoints.a?.windows[0]).toMatchObject({ valid: 2, bad: 1 });
    await kit.close();
  });

  it("sheds by hand without being configured", async () => {
    const kit = createKit({ service: "shop" });
    kit.endpoint({ name: "a", method: "GET", path: "/a", ...open, priority: "low", handler: () => ({}) });
    expect((await kit.fetch(request())).status).toBe(200);
    kit.overload.shedBelow("normal");
    expect((await kit.fetch(request())).status).toBe(503);
    const { overload } = await kit.snapshot();
    expect(overload).toMatchObject({ adaptive: false, limit: null, shedBelow: "normal", reasons: { manual: 1 } });
  });

  it("is what the lever for shedding is pulled on, and is let go again when its time is over", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock });
    kit.endpoint({ name: "a", method: "GET", path: "/a", ...open, priority: "low", handler: () => ({}) });
    await kit.levers.pull({
      lever: "overload.shed",
      target: "endpoints",
      args: { below: "normal" },
      by: "ada",
      reason: "a test",
      expiresIn: "1m",
    });
    expect((await kit.fetch(request())).status).toBe(503);
    await clock.advance(61_000);
    expect((await kit.fetch(request())).status).toBe(200);
    await kit.close();
  });

  it("is none where each call brings its own store", () => {
    expect(() => createKit({ service: "shop", store: perCall(), overload: {} })).toThrow("createKit.overload");
  });

  it("refuses a wrong option when the kit is made", () => {
    expect(() => createKit({ service: "shop", overload: { maxLimit: 0 } })).toThrow("createKit.overload.maxLimit");
  });
});
