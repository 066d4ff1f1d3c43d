import type { GenericSchema, SchemaDefinition } from "convex/server";
import * as api from "./component/_generated/api.js";
import * as server from "./component/_generated/server.js";
import * as cells from "./component/cells.js";
import * as cleanup from "./component/cleanup.js";
import * as crons from "./component/crons.js";
import * as jobs from "./component/jobs.js";
import schema from "./component/schema.js";
import * as slis from "./component/slis.js";

/** What is needed of what `convexTest()` of convex-test returns. */
export interface TestDeployment {
  registerComponent(
    componentPath: string,
    schema: SchemaDefinition<GenericSchema, boolean>,
    modules: Record<string, () => Promise<unknown>>,
  ): void;
}

/** The component's modules, as convex-test wants them: loaded already, for a transaction must not wait for a file. */
const modules = Object.fromEntries(
  Object.entries({ "_generated/api": api, "_generated/server": server, cells, cleanup, crons, jobs, slis }).map(
    ([path, module]) => [`./${path}.ts`, () => Promise.resolve<unknown>(module)],
  ),
);

/**
 * Registers the component with convex-test, so that an app's functions can call it in tests.
 *
 * @example
 * const t = convexTest(schema, modules);
 * register(t);
 *
 * @param name as in the app's `convex.config.ts`. Default `"keelson"`
 */
export function register(t: TestDeployment, name = "keelson"): void {
  t.registerComponent(name, schema, modules);
}
