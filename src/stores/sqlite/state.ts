import type { Kernel } from "../../core/kernel.js";
import type { SqliteValue } from "./database.js";
import { stored, unstored } from "./text.js";

type Shape = Pick<Kernel<never, never, never, never>, "width">;

/** A state as it is stored: numbers bit for bit where it is always so many of them, otherwise JSON. */
export function stateValue(state: unknown, { width }: Shape): SqliteValue {
  if (width === undefined) return stored(JSON.stringify(state));
  return new Uint8Array(Float64Array.from(state as readonly number[]).buffer);
}

/** Reads what {@link stateValue} wrote. */
export function stateOf(value: SqliteValue): unknown {
  if (typeof value === "string") return JSON.parse(unstored(value));
  // Where a driver's bytes lie in a larger buffer, they needn't begin where a number may.
  return Array.from(new Float64Array((value as Uint8Array).slice().buffer));
}
