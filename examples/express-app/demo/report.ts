/** One row of the table. */
export interface Line {
  readonly sent: string;
  readonly saw: string;
  readonly acted: string;
  readonly holds: boolean;
}

/** Shares of the width: what was done, seen, and acted. */
const SHARES = [0.32, 0.31, 0.37] as const;
const NARROWEST = 78;
const WIDEST = 126;
const MARGIN = 8;
const HEADINGS = ["what was done", "what the client saw", "what protected the service"] as const;

/** Prints situations as tables, each row as soon as it is known. */
export class Report {
  held = 0;
  broken: string[] = [];
  readonly #out: NodeJS.WritableStream;
  readonly #widths: readonly number[];
  readonly #live: boolean;
  readonly #colour: boolean;
  #title = "";
  #started = 0;

  constructor(out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }) {
    this.#out = out;
    const width = Math.min(Math.max(out.columns ?? WIDEST, NARROWEST), WIDEST) - MARGIN;
    this.#widths = SHARES.map((share) => Math.floor(share * width));
    this.#live = out.isTTY === true;
    this.#colour = this.#live && process.env.NO_COLOR === undefined;
  }

  begin(at: number, of: number, title: string, claim: string): void {
    this.#title = title;
    this.#started = performance.now();
    this.#print(`\n${this.#paint(1, `${at}/${of}  ${title}`)}`);
    this.#print(`      ${this.#paint(2, claim)}\n`);
    this.#row(" ", HEADINGS, 2);
    this.#print(`    ${this.#paint(2, this.#widths.map((width) => "─".repeat(width)).join("──"))}`);
  }

  /** Shows what is being done, where that can be taken back. */
  running(sent: string): void {
    if (this.#live) this.#out.write(`  ${this.#paint(2, `… ${sent}`)}\r`);
  }

  line({ sent, saw, acted, holds }: Line): void {
    if (this.#live) this.#out.write("\u001b[2K");
    if (holds) this.held++;
    else this.broken.push(`${this.#title}: ${sent}: ${saw}${acted === "" ? "" : ` (${acted})`}`);
    this.#row(holds ? this.#paint(32, "✓") : this.#paint(31, "✗"), [sent, saw, acted === "" ? "–" : acted]);
  }

  ended(): void {
    this.#print(`    ${this.#paint(2, `${((performance.now() - this.#started) / 1000).toFixed(1)} s`)}`);
  }

  /** The last words. Whether everything held. */
  summary(seconds: number): boolean {
    const whole = this.broken.length === 0;
    const of = this.held + this.broken.length;
    this.#print("");
    for (const claim of this.broken) this.#print(this.#paint(31, `did not hold: ${claim}`));
    this.#print(this.#paint(whole ? 32 : 31, `${this.held} of ${of} claims held, in ${seconds.toFixed(0)} s.`));
    return whole;
  }

  /** A row, its cells broken into as many lines as they need. */
  #row(mark: string, cells: readonly [string, string, string] | typeof HEADINGS, style?: number): void {
    const columns = cells.map((cell, at) => wrapped(cell, this.#widths[at] as number));
    const height = Math.max(...columns.map((column) => column.length));
    for (let row = 0; row < height; row++) {
      const text = columns.map((column, at) => (column[row] ?? "").padEnd(this.#widths[at] as number)).join("  ");
      this.#print(
        `  ${row === 0 ? mark : " "} ${style === undefined ? text.trimEnd() : this.#paint(style, text.trimEnd())}`,
      );
    }
  }

  #paint(style: number, text: string): string {
    return this.#colour ? `\u001b[${style}m${text}\u001b[0m` : text;
  }

  #print(line: string): void {
    this.#out.write(`${line}\n`);
  }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
