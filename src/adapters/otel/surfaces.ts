import type { Attributes } from "@opentelemetry/api";
import type { EventMap } from "../../core/events.js";
import type { SinkHost } from "../../sinks/sink.js";

/** How an endpoint, or a boundary, is named to OpenTelemetry. */
export interface NamedSurface {
  readonly http: boolean;
  readonly spanName: string;
  readonly attributes: Attributes;
}

/** What `endpoint.settled` doesn't say of an endpoint: its method and route. Looked up once a name. */
export class Surfaces {
  readonly #kit: SinkHost;
  readonly #scheme: string;
  readonly #known = new Map<string, NamedSurface>();

  constructor(kit: SinkHost, scheme: string) {
    this.#kit = kit;
    this.#scheme = scheme;
  }

  of(name: string): NamedSurface {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const surface = this.#kit.surface().find((one) => one.name === name);
    const { method, path } = surface ?? {};
    const named: NamedSurface =
      method === undefined || path === undefined
        ? { http: false, spanName: `boundary ${name}`, attributes: { "keelson.name": name } }
        : {
            http: true,
            spanName: `${method} ${path}`,
            attributes: {
              "http.request.method": method,
              "http.route": path,
              "url.scheme": this.#scheme,
            },
          };
    // (Names are the program's: one that is not in the surface may still come to be defined.)
    if (surface !== undefined) this.#known.set(name, named);
    return named;
  }
}

/** How a call ended, by the semantic conventions: a client's own fault is no error of a server's. */
export function endingOf({ http }: NamedSurface, { status, code }: EventMap["endpoint.settled"]): Attributes {
  return {
    ...(http && { "http.response.status_code": status }),
    ...(status >= 500 && { "error.type": code ?? String(status) }),
  };
}
