import { onlyKnown } from "../../core/config.js";
import type { Duration } from "../../core/duration.js";
import type { GivenFault, Switchable } from "../admin.js";
import type { UpstreamCounts } from "./counts.js";
import type { Fault } from "./fault.js";
import type { Faults, Injected } from "./faults.js";

/** What of an upstream is switched: see `FaultyUpstream` for each of these. */
interface Upstream {
  readonly url: string;
  readonly listening: boolean;
  inject(fault: Fault): Injected;
  refuse(options?: { readonly ttl?: Duration }): Promise<void>;
  recover(): Promise<void>;
  counts(): UpstreamCounts;
}

/** An upstream, for an admin port. */
export function switchable(upstream: Upstream, faults: Faults): Switchable {
  return {
    state: () => ({
      url: upstream.url,
      listening: upstream.listening,
      faults: faults
        .all()
        .map(({ id, fault, struck, active }) => ({ id, fault, struck, active, leftMs: faults.leftMs(id) })),
      counts: upstream.counts(),
    }),
    async inject(given: GivenFault) {
      if (given.kind !== "refuse") return upstream.inject(given as Fault).id;
      onlyKnown(given, "fault", ["kind", "ttl"]);
      await upstream.refuse({ ttl: given.ttl });
      return undefined;
    },
    remove: (id) => faults.remove(id),
    recover: () => upstream.recover(),
  };
}
