const DASH = "–";

/** `0`, `3.4`, `128`, `1.2k`. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(1)}M`;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)}k`;
  return Number.isInteger(value) || value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}

/** How often: `120×`, and where only bounds are known `96–120×`. */
export function times({ atLeast, atMost }: { readonly atLeast: number; readonly atMost: number }): string {
  return atLeast === atMost ? `${count(atMost)}×` : `${count(atLeast)}–${count(atMost)}×`;
}

/** So many a second: `0`, `0.2/s`, `12/s`. */
export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value === 0) return "0";
  return `${value < 0.1 ? "<0.1" : count(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))}/s`;
}

/** `0 %`, `0.4 %`, `12 %`. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  const hundred = value * 100;
  if (hundred !== 0 && Math.abs(hundred) < 0.1) return hundred > 0 ? "<0.1 %" : "-0.1 %";
  return `${Math.abs(hundred) < 10 && hundred % 1 !== 0 ? hundred.toFixed(1) : Math.round(hundred)} %`;
}

/** `3 ms`, `1.2 s`. */
export function millis(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value >= 1000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  return `${value < 10 && value % 1 !== 0 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** A longer time, in its two largest units: `45 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function span(ms: number): string {
  const sec = Math.max(0, Math.round(ms / 1000));
  if (sec < 60) return `${sec} s`;
  const min = Math.floor(sec / 60);
  if (min < 60) return `${min} min`;
  const hours = Math.floor(min / 60);
  if (hours < 24) return min % 60 === 0 ? `${hours} h` : `${hours} h ${min % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `812 kB`, `159 MB`, `1.2 GB`: powers of a thousand. */
export function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} GB`;
  return value >= 1e6 ? `${Math.round(value / 1e6)} MB` : `${Math.round(value / 1e3)} kB`;
}

/** `14:05`, and with the day where it is another one. */
export function clock(at: number, now: number): string {
  const time = new Date(at);
  const text = time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
  return time.toDateString() === new Date(now).toDateString()
    ? text
    : `${time.toLocaleDateString(undefined, { day: "numeric", month: "short" })} ${text}`;
}

/** `1 call`, `2 calls`. */
export function plural(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}
