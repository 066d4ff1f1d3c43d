import type { TrustProxy } from "../../boundary/endpoint/client.js";
import type { Duration } from "../../core/duration.js";
import type { OperatorAuth } from "./auth.js";

/** Options of `operator`. */
export interface OperatorOptions {
  /**
   * Who is operating: returns a name, or a principal that has a `name` or `id`; throws or returns null for everybody
   * else. There is no default, and nobody gets past it. What it throws and nobody knows is a 401.
   */
  readonly auth: OperatorAuth;
  /**
   * `"token"`: the page without any data is there for everyone, asks for a token, and sends it as
   * `Authorization: Bearer …` with each request; it keeps it for the life of the tab. Default: the page too is behind
   * `auth`, which then has to know operators by what browsers send by themselves: a cookie, or Basic credentials.
   */
  readonly login?: "token";
  /** Where it is mounted: for `fetch`, `kit.fetch` and the surface matrix. In Express it is wherever it is mounted. Default `"/ops"`. */
  readonly base?: string;
  /** How often the page hears news. Default `"2s"`, at least `"250ms"`. */
  readonly every?: Duration;
  /** Pages that may listen at a time; more ask again and again instead. Default 20. */
  readonly maxStreams?: number;
  /** `WWW-Authenticate` of a 401: `'Basic realm="operators"'` makes a browser ask. Default `"Bearer"`. */
  readonly challenge?: string;
  /** Which proxies are believed about a client's address. Default false: none. */
  readonly trustProxy?: TrustProxy;
}
