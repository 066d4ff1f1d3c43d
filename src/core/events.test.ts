import { describe, expect, it } from "vitest";
import { type EventMap, Events } from "./events.js";

const event: EventMap["hedge.denied"] = { name: "x" };

describe("events", () => {
  it("reach those who listen to their type, and those who listen to all, in the order they came", () => {
    const events = new Events();
    const heard: string[] = [];
    events.on("hedge.denied", ({ name }) => heard.push(`first ${name}`));
    events.onAny((type) => heard.push(`any ${type}`));
    events.on("hedge.denied", () => heard.push("second"));
    events.on("hedge.started", () => heard.push("another type"));
    events.emit("hedge.denied", event);
    expect(heard).toEqual(["first x", "second", "any hedge.denied"]);
  });

  it("are wanted only while somebody listens", () => {
    const events = new Events();
    expect(events.wants("hedge.denied")).toBe(false);
    const stop = events.on("hedge.denied", () => undefined);
    expect([events.wants("hedge.denied"), events.wants("hedge.started")]).toEqual([true, false]);
    stop();
    expect(events.wants("hedge.denied")).toBe(false);
    const stopAny = events.onAny(() => undefined);
    expect(events.wants("hedge.started")).toBe(true);
    stopAny();
    expect(events.wants("hedge.started")).toBe(false);
  });

  it("are reported by those who do more than count", () => {
    const events = new Events();
    events.on("hedge.denied", () => undefined, { counting: true });
    expect([events.wants("hedge.denied"), events.reports("hedge.denied")]).toEqual([true, false]);
    const stop = events.on("hedge.denied", () => undefined);
    expect(events.reports("hedge.denied")).toBe(true);
    stop();
    expect(events.reports("hedge.denied")).toBe(false);
    events.onAny(() => undefined);
    expect(events.reports("hedge.denied")).toBe(true);
  });

  it("reach a listener as often as it listens, and stopping once stops one of these", () => {
    const events = new Events();
    let heard = 0;
    const listener = () => heard++;
    const stop = events.on("hedge.denied", listener);
    events.on("hedge.denied", listener);
    events.onAny(listener)();
    events.emit("hedge.denied", event);
    expect(heard).toBe(2);
    stop();
    stop();
    events.emit("hedge.denied", event);
    expect(heard).toBe(3);
  });

  it("reach everyone who listened when it happened, though one stops or starts meanwhile", () => {
    const events = new Events();
    const heard: string[] = [];
    events.on("hedge.denied", () => {
      stop();
      events.on("hedge.denied", () => heard.push("new"));
    });
    const stop = events.on("hedge.denied", () => heard.push("stopped"));
    events.emit("hedge.denied", event);
    expect(heard).toEqual(["stopped"]);
    events.emit("hedge.denied", event);
    expect(heard).toEqual(["stopped", "new"]);
  });

  it("reach the others too when a listener throws, who is told of, and the caller never", () => {
    const told: unknown[] = [];
    const events = new Events((error, type) => told.push([error, type]));
    const heard: string[] = [];
    events.on("hedge.denied", () => {
      throw "a listener's fault";
    });
    events.onAny(() => {
      throw "another's";
    });
    events.onAny(() => heard.push("last"));
    events.emit("hedge.denied", event);
    expect(heard).toEqual(["last"]);
    expect(told).toEqual([
      ["a listener's fault", "hedge.denied"],
      ["another's", "hedge.denied"],
    ]);
  });
});
