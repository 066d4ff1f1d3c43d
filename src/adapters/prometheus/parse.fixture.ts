import type { ExpositionFormat } from "./exposition.js";

/** A page of metrics as it was read. */
export interface Parsed {
  readonly types: Readonly<Record<string, string>>;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);

/** Reads a page, and throws at whatever the format doesn't allow. */
export function parseExposition(text: string, format: ExpositionFormat): Parsed {
  const open = format === "openmetrics";
  if (!text.endsWith(open ? "# EOF\n" : "\n")) throw new Error("the page doesn't end as it must");
  const types: Record<string, string> = {};
  const helped = new Set<string>();
  const seen = new Set<string>();
  const samples: Parsed["samples"][number][] = [];
  let family = "";
  for (const line of text.split("\n").slice(0, open ? -2 : -1)) {
    // (prom-client leaves a line empty between families of the older format.)
    if (line === "" && !open) continue;
    const comment = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, what, name = "", rest = ""] = comment;
      if (what === "HELP") {
        if (helped.has(name)) throw new Error(`${name} comes twice`);
        helped.add(name);
        family = name;
      }
      if (name !== family) throw new Error(`${line}: within ${family}`);
      if (what === "TYPE") {
        if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(line);
        types[name] = rest;
      }
      if (what === "UNIT" && !name.endsWith(`_${rest}`)) throw new Error(line);
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name = "", labelText = "", number = ""] = sample;
    const value = Number(number);
    if (!Number.isFinite(value)) throw new Error(`no number: ${line}`);
    if (!allowed(types[family], family, open).includes(name)) throw new Error(`${name} is not of ${family}`);
    const labels: Record<string, string> = {};
    for (const [, label = "", word = ""] of labelText.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)) {
      if (label in labels) throw new Error(`${label} comes twice: ${line}`);
      labels[label] = word.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
    }
    const id = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(id)) throw new Error(`comes twice: ${line}`);
    seen.add(id);
    samples.push({ name, labels, value });
  }
  checkHistograms(types, samples);
  return { types, samples };
}

function allowed(type: string | undefined, family: string, open: boolean): string[] {
  if (type === "histogram") return ["_bucket", "_sum", "_count"].map((suffix) => family + suffix);
  if (type !== "counter") return [family];
  if (!open && !family.endsWith("_total")) throw new Error(`a counter without _total: ${family}`);
  if (open && family.endsWith("_total")) throw new Error(`a family with _total: ${family}`);
  return [open ? `${family}_total` : family];
}

/** Buckets only rise, and the last is the count. */
function checkHistograms(types: Parsed["types"], samples: Parsed["samples"]): void {
  for (const family of Object.keys(types).filter((name) => types[name] === "histogram")) {
    const rows = new Map<string, { bound: number; value: number }>();
    for (const { name, labels, value } of samples) {
      const { le, ...rest } = labels;
      const row = JSON.stringify(rest);
      const last = rows.get(row);
      if (name === `${family}_bucket`) {
        const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
        if (last !== undefined && (bound <= last.bound || value < last.value)) throw new Error(`${family} falls`);
        rows.set(row, { bound, value });
      } else if (name === `${family}_count` && (last?.bound !== Number.POSITIVE_INFINITY || last.value !== value))
        throw new Error(`the count of ${family} is not its last bucket`);
    }
  }
}
