import type { LeverEntry, LeverKind } from "../../levers.js";
import { type Levers, send } from "../api.js";
import { el, put } from "../dom.js";
import { clock } from "../format.js";
import { concerns, kindOf } from "../parts.js";
import { field, formDialog, reasonField } from "./dialog.js";

const EXPIRIES: readonly (readonly [value: string, label: string, ms: number])[] = [
  ["15m", "15 minutes", 900_000],
  ["1h", "1 hour", 3_600_000],
  ["4h", "4 hours", 14_400_000],
  ["24h", "1 day", 86_400_000],
];

/**
 * The dialog that pulls a lever: which, on what, why and for how long, and in plain words what will happen.
 *
 * @param pulled called with what was pulled
 */
export function pullDialog(current: () => Levers | undefined, pulled: (entry: LeverEntry) => void) {
  const confirm = el("button", { type: "submit" }, "Pull");
  const lever = el("select", { name: "lever", change: () => chosen("") });
  const target = el("select", { name: "target", change: () => tell() });
  const args = el("div", { class: "fields" });
  const expiry = el(
    "select",
    { name: "expiresIn", change: () => tell() },
    ...EXPIRIES.map(([value, label]) => el("option", { value }, label)),
  );
  const expires = field("Expires after", expiry);
  const outcome = el("p", { class: "outcome", "aria-live": "polite" });
  let reason = reasonField();
  let kinds: readonly LeverKind[] = [];
  let about = "";

  const kind = () => kinds.find((one) => one.lever === lever.value);
  const dialog = formDialog("Pull a lever", submit, confirm);

  async function submit(): Promise<void> {
    const one = kind();
    if (one === undefined) return;
    const given = [...args.querySelectorAll("input")].filter(({ value }) => value !== "");
    const { entry } = await send<{ entry: LeverEntry }>("levers", {
      lever: one.lever,
      target: target.value,
      reason: reason.value,
      ...(given.length > 0 && {
        args: Object.fromEntries(
          given.map(({ name, value, type }) => [name, type === "number" ? Number(value) : value]),
        ),
      }),
      ...(one.lasting && { expiresIn: expiry.value }),
    });
    pulled(entry);
  }

  function chosen(wanted: string): void {
    const one = kind();
    if (one === undefined) return;
    const before = wanted === "" ? target.value : wanted;
    const near = one.targets.filter((name) => about === "" || concerns(name, about));
    target.replaceChildren(...(near.length > 0 ? near : one.targets).map((name) => el("option", {}, name)));
    if (one.targets.includes(before)) target.value = before;
    args.replaceChildren(
      ...one.args.map(({ name, kind: type, required, describe }) =>
        field(
          name,
          el("input", {
            name,
            type: type === "number" ? "number" : "text",
            step: "any",
            required,
            autocomplete: "off",
            ...(type === "duration" && { placeholder: "30s" }),
            input: () => tell(),
          }),
          describe,
        ),
      ),
    );
    expires.hidden = !one.lasting;
    tell();
  }

  function tell(): void {
    const one = kind();
    if (one === undefined) return;
    const ms = EXPIRIES.find(([value]) => value === expiry.value)?.[2] ?? 0;
    const lasts = one.lasting
      ? `It stays so until ${clock(Date.now() + ms, Date.now())}, or until somebody releases it.`
      : "It is done at once and can’t be taken back.";
    const who = current()?.operator ?? "you";
    put(
      outcome,
      `${one.describe.replace(/\.?$/, ".")} Target: ${target.value}. ${lasts} It acts in every process of the service, and is recorded as ${who}’s.`,
    );
    outcome.dataset.level = one.lasting ? "warn" : "bad";
    const verb = (one.lever.split(".").at(-1) ?? "pull").replaceAll("-", " ");
    put(confirm, `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${target.value}`);
  }

  return (wantedKinds: string, wantedTarget: string): void => {
    const all = current()?.catalogue ?? [];
    about = wantedTarget;
    kinds = all.filter(
      (one) =>
        one.targets.length > 0 &&
        (wantedKinds === "" || kindOf(one.lever, wantedKinds)) &&
        (about === "" || one.targets.some((name) => concerns(name, about))),
    );
    if (kinds.length === 0) return;
    lever.replaceChildren(...kinds.map((one) => el("option", { value: one.lever }, one.lever)));
    reason = reasonField();
    expiry.value = "1h";
    chosen(wantedTarget);
    dialog.open(
      field("Lever", lever),
      field("Target", target),
      args,
      field("Reason", reason, "Others read it in the log."),
      expires,
      outcome,
    );
  };
}
