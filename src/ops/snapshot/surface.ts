import { isAbsolute, join } from "node:path";
import { z } from "zod";
import type { Surface } from "../../boundary/surface/surface.js";
import { snapshotSchema } from "../../schema.js";
import { checked, readJson } from "../artefact/read.js";
import type { Workspace } from "../config/load.js";
import { fetchSnapshot } from "./fetch.js";

/**
 * The surface of the service: the configuration's, or that of the live snapshot.
 *
 * @throws {UsageError} when a file that the configuration names is missing or is no surface
 */
export async function surfaceOf(workspace: Workspace): Promise<readonly Surface[]> {
  const { surface } = workspace.config;
  if (surface === undefined) return (await fetchSnapshot(workspace)).surface;
  if (typeof surface !== "string") return checked("surface", z.array(snapshotSchema.shape.surface.element), surface);
  const path = isAbsolute(surface) ? surface : join(workspace.folder, surface);
  return checked(path, z.array(snapshotSchema.shape.surface.element), await readJson(path));
}
