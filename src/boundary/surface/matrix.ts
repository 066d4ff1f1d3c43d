import { ConfigError } from "../../core/config.js";
import type { Surface } from "./surface.js";

/** One row of the surface matrix: what is declared of one way into the service, in words. */
export interface SurfaceRow {
  readonly name: string;
  /** `POST /api/chat`, or `function`. */
  readonly entry: string;
  readonly auth: string;
  readonly limits: string;
  /** The parts that a schema checks. */
  readonly validates: string;
  /** Bounds on size and depth. */
  readonly bounds: string;
  readonly origins: string;
  readonly signature: string;
  readonly idempotency: string;
  readonly replay: string;
}

/** Whatever can say what protects it: endpoints, function boundaries. */
export interface Surfaced {
  surface(): Surface;
}

/**
 * The surface matrix: every way into the service with its protections. Ordered by path or name, so that a committed
 * copy changes only when a protection does.
 *
 * @throws {ConfigError} when auth or a limit is not declared, or two have the same name, method and path
 */
export function surfaceMatrix(surfaces: readonly (Surface | Surfaced)[]): SurfaceRow[] {
  const rows = surfaces.map((item) => toRow("surface" in item ? item.surface() : item));
  rows.sort((a, b) => compare(sortKey(a), sortKey(b)));
  rows.forEach((row, index) => {
    const next = rows[index + 1];
    if (next !== undefined && sortKey(row) === sortKey(next))
      throw new ConfigError("surface", `${row.entry} ${row.name}`, "one definition of each name, method and path");
  });
  return rows;
}

function toRow(surface: Surface): SurfaceRow {
  const { kind, name, method = "", path = "", auth, limits } = surface;
  const where = `surface(${JSON.stringify(name)})`;
  return {
    name,
    entry: kind === "http" ? `${method} ${path}` : "function",
    auth:
      auth?.kind === "anonymous" && auth.why
        ? `anonymous: ${auth.why}`
        : auth?.kind === "declared"
          ? (auth.by ?? "declared")
          : undeclared(`${where}.auth`, auth, 'declared, or anonymous("why")'),
    limits:
      limits?.kind === "unlimited" && limits.why
        ? `unlimited: ${limits.why}`
        : limits?.kind === "limited" && limits.by.length > 0
          ? limits.by.map(({ limiter, key }) => `${limiter} by ${key}`).join(", ")
          : undeclared(`${where}.limits`, limits, 'declared, or unlimited("why")'),
    validates: surface.validates.join(", ") || NONE,
    bounds:
      [
        surface.maxBytes !== undefined && size(surface.maxBytes),
        surface.maxDepth !== undefined && `depth ${surface.maxDepth}`,
        surface.maxQueryBytes !== undefined && `query ${size(surface.maxQueryBytes)}`,
        surface.contentTypes?.join(" "),
      ]
        .filter(Boolean)
        .join(", ") || NONE,
    origins: surface.origins?.join(" ") ?? NONE,
    signature: surface.signature ?? NONE,
    idempotency: surface.idempotency ?? NONE,
    replay: surface.replay ?? NONE,
  };
}

const NONE = "–";

function undeclared(option: string, value: unknown, allowed: string): never {
  throw new ConfigError(option, value, allowed);
}

function sortKey({ entry, name }: SurfaceRow): string {
  const [method = "", path = ""] = entry.split(" ");
  return path === "" ? `~${name}` : `${path} ${method} ${name}`;
}

/** By code units: the same everywhere, unlike a locale's order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function size(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024} kb` : `${bytes} b`;
}

const COLUMNS: readonly [title: string, column: keyof SurfaceRow][] = [
  ["Entry", "entry"],
  ["Name", "name"],
  ["Auth", "auth"],
  ["Limits", "limits"],
  ["Validates", "validates"],
  ["Bounds", "bounds"],
  ["Origins", "origins"],
  ["Signature", "signature"],
  ["Idempotency", "idempotency"],
  ["Replay guard", "replay"],
];

/** The matrix as a Markdown table. */
export function surfaceMarkdown(rows: readonly SurfaceRow[]): string {
  return [
    COLUMNS.map(([title]) => title),
    COLUMNS.map(() => "---"),
    ...rows.map((row) => COLUMNS.map(([, column]) => row[column].replaceAll("|", "\\|").replaceAll("\n", " "))),
  ]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
}
