import type { LeverEntry } from "../../levers.js";
import { type Levers, send } from "../api.js";
import { el, put } from "../dom.js";
import { field, formDialog, reasonField } from "./dialog.js";

/** The dialog that releases a lever. */
export function releaseDialog(current: () => Levers | undefined, released: (entry: LeverEntry) => void) {
  let id = "";
  let reason = reasonField();
  const dialog = formDialog(
    "Release",
    async () => {
      const { entry } = await send<{ entry: LeverEntry }>(`levers/${encodeURIComponent(id)}/release`, {
        reason: reason.value,
      });
      released(entry);
    },
    el("button", { type: "submit" }, "Release"),
  );
  return (wanted: string): void => {
    const entry = current()?.active.find((one) => one.id === wanted);
    if (entry === undefined) return;
    id = wanted;
    reason = reasonField();
    put(dialog.heading, `Release ${entry.lever} of ${entry.target}`);
    dialog.open(
      el("p", {}, `${entry.by} pulled it: “${entry.reason}”. It goes back to what it was without it.`),
      field("Reason", reason, "Others read it in the log."),
    );
  };
}
