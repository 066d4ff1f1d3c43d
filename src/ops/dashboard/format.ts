/** How figures read: the same in the page, the Markdown and the comparison. */

/** What stands where there is no figure. */
export const NONE = "–";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `12,000` */
export function countText(value: number): string {
  return number.format(value);
}

/** A latency: `0.84 ms`, `48 ms`, `1.24 s`. */
export function msText(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms >= 10_000) return `${trimmed(ms / 1_000, 1)} s`;
  if (ms >= 1_000) return `${trimmed(ms / 1_000, 2)} s`;
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return `${trimmed(ms, ms >= 10 ? 1 : 2)} ms`;
}

/** A span of time in its largest two units: `5 min`, `1 h 30 min`, `3 d`. */
export function spanText(ms: number): string {
  const parts: string[] = [];
  let left = Math.round(ms / 1_000) * 1_000;
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(left / size);
    left -= whole * size;
    if (whole > 0) parts.push(`${whole} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.length > 0 ? parts.slice(0, 2).join(" ") : msText(ms);
}

/** A share as per cent, with the digits that tell it from none and from all: `99.9 %`, `0.004 %`, `100 %`. */
export function shareText(share: number | null): string {
  if (share === null) return NONE;
  const percent = share * 100;
  const fromEnd = Math.min(Math.abs(percent), Math.abs(100 - percent));
  if (fromEnd === 0) return `${percent.toFixed(0)} %`;
  const digits = fromEnd >= 10 ? 1 : Math.min(5, Math.max(1, 1 - Math.floor(Math.log10(fromEnd))));
  return `${trimmed(percent, digits)} %`;
}

/** A burn rate: `0.4×`, `14.4×`. */
export function burnText(rate: number | null): string {
  if (rate === null) return NONE;
  return `${trimmed(rate, rate >= 100 ? 0 : rate >= 1 ? 1 : 2)}×`;
}

/** A figure of a check, by the name of what was measured: `p95Ms`, `burnRate`, `status`. */
export function figureText(value: number | string | null, metric: string | null): string {
  if (value === null) return NONE;
  if (typeof value === "number" && metric?.endsWith("Ms")) return msText(value);
  if (typeof value === "number" && metric === "burnRate") return burnText(value);
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? countText(value) : String(Number(value.toPrecision(4)));
}

/** `14 Jun 2026, 09:12 UTC` */
export function timeText(iso: string): string {
  const at = new Date(iso);
  return `${at.getUTCDate()} ${month(at)} ${at.getUTCFullYear()}, ${clock(at)} UTC`;
}

/** `14 Jun, 09:12`: UTC, where the year is clear. */
export function shortTimeText(iso: string): string {
  const at = new Date(iso);
  return `${at.getUTCDate()} ${month(at)}, ${clock(at)}`;
}

/** `14 Jun` */
export function dayText(iso: string): string {
  const at = new Date(iso);
  return `${at.getUTCDate()} ${month(at)}`;
}

/** `1 run`, `2 runs` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

function month(at: Date): string {
  return at.toLocaleString("en", { month: "short", timeZone: "UTC" });
}

function clock(at: Date): string {
  return at.toISOString().slice(11, 16);
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
