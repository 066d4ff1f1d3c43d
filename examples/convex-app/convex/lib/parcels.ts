import type { Mail } from "./gmailApi";

/** What a message tells of a parcel. */
export interface Parcel {
  readonly carrier: string;
  readonly tracking: string;
  readonly subject: string;
  readonly status: "ordered" | "shipped" | "delivered";
}

/** The shapes of tracking numbers, as carriers have published them. */
const CARRIERS: readonly (readonly [carrier: string, number: RegExp])[] = [
  ["UPS", /\b1Z[0-9A-Z]{16}\b/],
  ["UPU", /\b[A-Z]{2}\d{9}[A-Z]{2}\b/],
  ["DHL", /\bJJD\d{16,20}\b/],
  ["FedEx", /\b\d{12}\b/],
];

/** The parcel that a message tells of, if it does. */
export function parcelIn({ subject, snippet }: Mail): Parcel | undefined {
  const text = `${subject}\n${snippet}`;
  if (!/parcel|package|order|shipment|delivery|delivered|shipped|tracking/i.test(text)) return undefined;
  for (const [carrier, number] of CARRIERS) {
    const [tracking] = number.exec(text) ?? [];
    if (tracking === undefined) continue;
    const status = /\bdelivered\b/i.test(text)
      ? "delivered"
      : /shipped|on its way|in transit/i.test(text)
        ? "shipped"
        : "ordered";
    return { carrier, tracking, subject, status };
  }
  return undefined;
}
