import { ConfigError } from "../../core/config.js";

/** A path with parameters, as it is matched. */
export interface PathPattern {
  /** The same for paths that match the same: names of parameters left out. */
  readonly shape: string;
  /** Of the parameters, in their order. */
  readonly names: readonly string[];
  /** Captures the parameters; `undefined` for a path without any, which is matched as it is. */
  readonly regex: RegExp | undefined;
}

/**
 * Reads a path like `/api/things/:id`. A parameter is one whole segment that is not empty; case and a trailing slash
 * count.
 *
 * @throws {ConfigError} when the path is not one
 */
export function pathPattern(path: string, option: string): PathPattern {
  const segments = typeof path === "string" && path.startsWith("/") ? path.slice(1).split("/") : undefined;
  const names: string[] = [];
  for (const segment of segments ?? [""]) {
    if (segment.startsWith(":") && !names.includes(segment.slice(1))) names.push(segment.slice(1));
    const sound = segment.startsWith(":") ? /^:[A-Za-z]\w*$/.test(segment) : /^[\w.~!$&'()+,;=@%-]*$/.test(segment);
    if (segments === undefined || !sound)
      throw new ConfigError(option, path, 'a path like "/api/things/:id", a parameter being a whole segment');
  }
  const shape = path.replace(/:\w+/g, ":");
  if (names.length !== shape.split("/:").length - 1)
    throw new ConfigError(option, path, "a path whose parameters have different names");
  const source = path.replace(/[.$()+]/g, "\\$&").replace(/:\w+/g, "([^/]+)");
  return { shape, names, regex: names.length === 0 ? undefined : new RegExp(`^${source}$`) };
}
