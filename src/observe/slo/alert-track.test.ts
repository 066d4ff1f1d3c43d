import { describe, expect, it } from "vitest";
import { StoreFailure } from "../../core/store.js";
import { alertKernel } from "../../kernel/alerts/alert.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { type AlertStep, AlertTrack } from "./alert-track.js";
import { Patience } from "./patient.js";

const alert = {
  id: "endpoint:chat:page:3600",
  severity: "page",
  threshold: 14.4,
  longSec: 3600,
  shortSec: 300,
  callsNeeded: 70,
} as const;
const lost = new StoreFailure("timeout", "unknown");

function bench() {
  const clock = new ManualClock();
  const step = new Patience(clock).with(memoryStore({ clock }).open(alertKernel, "alerts"));
  let losing = false;
  const lossy: AlertStep = async (...args) => {
    const answer = await step(...args);
    return losing ? lost : answer;
  };
  const lose = (now: boolean) => {
    losing = now;
  };
  return { clock, step, lossy, lose };
}

describe("AlertTrack", () => {
  it("is told by whoever brought it about, and by nobody else", async () => {
    const { clock, step } = bench();
    const [a, b] = [new AlertTrack(alert, step, 1), new AlertTrack(alert, step, 2)];
    expect(await a.judged("burning", clock.wall())).toBe("alert.firing");
    expect(await b.judged("burning", clock.wall())).toBeUndefined();
    expect(await a.judged("burning", clock.wall())).toBeUndefined();
    expect(b.stands).toEqual(a.stands);
    clock.tick(300_000);
    expect(await b.judged("calm", clock.wall())).toBe("alert.resolved");
    expect(await a.judged("calm", clock.wall())).toBeUndefined();
    expect(a.stands.firing).toBe(false);
  });

  it("is told later where the store's answer was lost", async () => {
    const { clock, lossy, lose } = bench();
    const track = new AlertTrack(alert, lossy, 1);
    await track.judged("burning", clock.wall());
    clock.tick(300_000);
    lose(true);
    expect(await track.judged("calm", clock.wall())).toBe(lost);
    expect(track.stands.firing).toBe(true);
    lose(false);
    expect(await track.judged("calm", clock.wall())).toBe("alert.resolved");
  });

  it("fires here alone while the store is away, and is ended by the same process", async () => {
    const { clock, lossy, lose } = bench();
    const track = new AlertTrack(alert, lossy, 1);
    lose(true);
    expect(await track.judged("calm", clock.wall())).toBe(lost);
    expect(await track.judged("burning", clock.wall())).toBe("alert.firing");
    lose(false);
    clock.tick(299_999);
    expect(await track.judged("calm", clock.wall())).toBeUndefined();
    clock.tick(1);
    expect(await track.judged("calm", clock.wall())).toBe("alert.resolved");
  });
});
