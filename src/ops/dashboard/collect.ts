import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import type { Artefact } from "../artefact/envelope.js";
import { checked, readArtefact, readJson } from "../artefact/read.js";
import { OpsError, UsageError } from "../failure.js";
import { SHOWN_KINDS, type ShownKind } from "./data.js";
import {
  type DrillData,
  drillSource,
  type GameDayData,
  gameDaySource,
  type SnapshotPart,
  snapshotSource,
} from "./sources.js";

/** An artefact with the part of its data that is shown. */
export interface Run {
  readonly file: string;
  readonly kind: ShownKind;
  readonly artefact: Artefact;
  /** `null` for other kinds, and where it couldn't be read. */
  readonly drill: DrillData | null;
  readonly gameDay: GameDayData | null;
}

/** What a folder of artefacts holds. */
export interface Collected {
  /** Newest first. */
  readonly runs: readonly Run[];
  /** Newest first. */
  readonly snapshots: readonly SnapshotPart[];
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
  /** Files that were left out for their age or their number. */
  readonly older: number;
}

/** More files than this aren't read: a dashboard of them would be no easier to read than they are. */
const MAX_FILES = 500;
const SNAPSHOT = "snapshot";
const STAMP = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.json$/;

/**
 * Reads the artefacts and snapshots of a folder. A file that can't be read is said to be so, and is no reason to fail.
 *
 * @param since older ones are left out
 * @throws {UsageError} when the folder is there and can't be read
 */
export async function collect(folder: string, since: Date): Promise<Collected> {
  const names = (await namesIn(folder)).filter((name) => kindOf(name) !== undefined);
  // By what the names say, so that a folder of years isn't read to show a month of it.
  const recent = names
    .filter((name) => (stampOf(name) ?? since) >= since)
    .sort((a, b) => (stampOf(b)?.getTime() ?? 0) - (stampOf(a)?.getTime() ?? 0))
    .slice(0, MAX_FILES);

  const runs: Run[] = [];
  const snapshots: SnapshotPart[] = [];
  const unreadable: { file: string; why: string }[] = [];
  const failed = (file: string) => (error: unknown) => {
    if (!(error instanceof OpsError)) throw error;
    unreadable.push({ file, why: error.message.replaceAll(`${join(folder, file)}: `, "") });
    return null;
  };
  let older = names.length - recent.length;
  for (const file of recent) {
    const path = join(folder, file);
    if (kindOf(file) === SNAPSHOT) {
      const snapshot = await readJson(path)
        .then((value) => checked(path, snapshotSource, value))
        .catch(failed(file));
      if (snapshot !== null && snapshot.at < since.getTime()) older++;
      else if (snapshot !== null) snapshots.push(snapshot);
      continue;
    }
    const artefact = await readArtefact(path).catch(failed(file));
    if (artefact === null || !isShown(artefact.kind)) continue;
    if (new Date(artefact.createdAt) < since) {
      older++;
      continue;
    }
    runs.push({ file, kind: artefact.kind, artefact, ...dataOf(path, artefact, failed(file)) });
  }
  return {
    runs: runs.sort((a, b) => b.artefact.createdAt.localeCompare(a.artefact.createdAt)),
    snapshots: snapshots.sort((a, b) => b.at - a.at),
    unreadable,
    older,
  };
}

function dataOf(
  path: string,
  { kind, data }: Artefact,
  failed: (error: unknown) => null,
): Pick<Run, "drill" | "gameDay"> {
  const read = <S extends z.ZodType>(schema: S): z.output<S> | null => {
    try {
      return checked(path, schema, data, ["data"]);
    } catch (error) {
      return failed(error);
    }
  };
  return {
    drill: kind === "load-drill" ? read(drillSource) : null,
    gameDay: kind === "game-day" ? read(gameDaySource) : null,
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nothing was run yet: the dashboard says what to run.
    if (code === "ENOENT") return [];
    throw new UsageError(`${folder}: can't be read (${code})`, { cause: error });
  }
}

function kindOf(name: string): ShownKind | typeof SNAPSHOT | undefined {
  if (!name.endsWith(".json")) return undefined;
  return [...SHOWN_KINDS, SNAPSHOT].find((kind) => name.startsWith(`${kind}-`)) as
    | ShownKind
    | typeof SNAPSHOT
    | undefined;
}

function isShown(kind: string): kind is ShownKind {
  return (SHOWN_KINDS as readonly string[]).includes(kind);
}

function stampOf(name: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = STAMP.exec(name) ?? [];
  return year === undefined ? undefined : new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
