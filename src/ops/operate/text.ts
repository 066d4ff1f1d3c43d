import type { LiveEntry, LiveLevers } from "./client.js";

/** A lever in a line: what, by whom, why and for how long. */
export function entryText({ id, lever, target, args, by, reason, expiresAt, count }: LiveEntry): string {
  const told = Object.entries(args).map(([name, value]) => ` ${name}=${value}`);
  const end = expiresAt === null ? "" : `, until ${time(expiresAt)}`;
  const did = count === undefined ? "" : ` (${count})`;
  return `${lever} ${target}${told.join("")}${did}  by ${by}: ${reason}${end}  [${id}]`;
}

/** What there is to pull, what is in effect, and what was done. */
export function leversText({ catalogue, active, audit }: LiveLevers): string[] {
  const usable = catalogue.filter(({ targets }) => targets.length > 0);
  return [
    "In effect",
    ...(active.length === 0 ? ["  nothing"] : active.map((entry) => `  ${entryText(entry)}`)),
    "",
    "Levers",
    ...usable.flatMap(({ lever, describe, targets, args }) => [
      `  ${lever}${args.map(({ name, required }) => (required ? ` ${name}=…` : ` [${name}=…]`)).join("")}`,
      `      ${describe}`,
      `      on ${targets.join(", ")}`,
    ]),
    "",
    "Done, newest first",
    ...(audit.length === 0
      ? ["  nothing"]
      : audit.map(({ at, action, lever, target, by, reason }) => {
          return `  ${time(at)}  ${action} ${lever} ${target}  by ${by}: ${reason}`;
        })),
  ];
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
