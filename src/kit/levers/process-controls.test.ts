import { describe, expect, it } from "vitest";
import { KnobSet } from "../../boundary/knobs/knob-set.js";
import { runtime } from "../../core/runtime.js";
import { Bindings, Definitions } from "../registry.js";
import { processControls } from "./process-controls.js";

describe("overload.shed", () => {
  it("tells what sheds load below which priority, and to stop", () => {
    const told: string[] = [];
    const guard = { shed: (below: string) => void told.push(below), restore: () => void told.push("restored") };
    const bindings = new Bindings(new Definitions(), runtime());
    const controls = processControls(bindings, new KnobSet({}), new Map([["service", guard]]));
    const shed = controls.find(({ lever }) => lever === "overload.shed");
    expect(shed?.targets()).toEqual(["service"]);
    expect(() => shed?.check?.("service", { below: "low" })).toThrow('"critical" | "high" | "normal"');
    shed?.here?.("service", { below: "normal" });
    shed?.undoHere?.("service", { below: "normal" });
    expect(told).toEqual(["normal", "restored"]);
  });
});
