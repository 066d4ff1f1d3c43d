import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Priority } from "../../core/context.js";
import type { Duration, Size } from "../../core/duration.js";
import type { Unlimited } from "../declare.js";
import type { WebhookVerifier } from "../webhooks/verifier.js";
import type { TrustProxy } from "./client.js";
import type { CorsOptions } from "./cors.js";
import type { IdempotencyUse, LimiterUse } from "./parts.js";
import type { Method } from "./types.js";

/** The options of an endpoint whatever its types: what `compile` reads. */
export interface AnyEndpointOptions {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly params?: StandardSchemaV1;
  readonly query?: StandardSchemaV1;
  readonly headers?: StandardSchemaV1;
  readonly body?: StandardSchemaV1;
  readonly maxBytes?: Size;
  readonly maxDepth?: number;
  readonly maxQueryBytes?: Size;
  readonly bodyTimeout?: Duration;
  readonly contentTypes?: readonly string[];
  readonly origins?: readonly string[];
  readonly requireOrigin?: boolean;
  readonly cors?: CorsOptions;
  readonly auth: (entry: never) => unknown;
  readonly challenge?: string;
  readonly limits: readonly AnyLimit[] | Unlimited;
  readonly authFailures?: LimiterUse | Unlimited;
  readonly signature?: WebhookVerifier;
  readonly idempotency?: IdempotencyUse<never>;
  readonly replay?: { readonly name: string };
  readonly timeout?: Duration;
  readonly tenant?: (call: never) => string;
  readonly priority?: Priority | ((call: never) => Priority);
  readonly sheddable?: boolean;
  readonly trustProxy?: TrustProxy;
  readonly handler: (call: never) => unknown;
}

interface AnyLimit {
  readonly limiter: LimiterUse;
  readonly by: "client" | ((call: never) => string);
  readonly cost?: number | ((call: never) => number);
}
