import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { componentsGeneric, type FunctionReference, makeFunctionReference } from "convex/server";
import { convexTest } from "convex-test";
import { register } from "keelson/convex/test";

const FUNCTIONS = fileURLToPath(new URL("../convex/", import.meta.url));

/** The app's functions, loaded. */
export type Modules = Readonly<Record<string, () => Promise<unknown>>>;
/** The deployment as its callers see it. */
export type Deployment = Awaited<ReturnType<typeof deploy>>;

/** What `crons.export()` tells of one job. */
interface CronJob {
  readonly name: string;
  readonly args: readonly [Record<string, never>];
  readonly schedule: { readonly type: string; readonly [unit: string]: unknown };
}

const UNITS_MS: Readonly<Record<string, number>> = { seconds: 1_000, minutes: 60_000, hours: 3_600_000 };

/**
 * The app in this process, on convex-test in the place of a deployment: real functions and a database in memory, empty
 * at first. It has no conflicts between transactions, forgets everything at its end, and its limits are not those of a
 * deployment.
 *
 * @param changed in tests, what stands in place of the component's modules
 */
export async function deploy(modules: Modules, changed: (component: Modules) => Modules = (same) => same) {
  const { default: schema } = await loaded<{ default: never }>(modules, "schema");
  const t = convexTest({ schema, modules });
  register({
    registerComponent: (name, componentSchema, component) =>
      t.registerComponent(name, componentSchema, changed(component)),
  });
  return { t, modules, crons: startCrons.bind(undefined, t, modules) };
}

/**
 * Loads all functions: a transaction must not wait for a file.
 *
 * @param env what the deployment's environment would hold; it is read when the functions are loaded, so once a process
 */
export async function loadFunctions(env: Readonly<Record<string, string>>): Promise<Modules> {
  Object.assign(process.env, env);
  const files = (await readdir(FUNCTIONS, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /^[^.]+\.[jt]s$/.test(entry.name))
    .map((entry) => relative(FUNCTIONS, join(entry.parentPath, entry.name)));
  const modules: Record<string, () => Promise<unknown>> = {};
  for (const file of files.sort()) {
    const module: unknown = await import(pathToFileURL(join(FUNCTIONS, file)).href);
    modules[`./${file}`] = () => Promise.resolve(module);
  }
  return modules;
}

/** @throws {TypeError} when there is no such module */
export async function loaded<T>(modules: Modules, name: string): Promise<T> {
  const load = modules[`./${name}.ts`];
  if (load === undefined) throw new TypeError(`there is no module ${name}`);
  return (await load()) as T;
}

/** Runs the app's crons, and the component's clean-up. @returns what ends that */
async function startCrons(
  t: Pick<ReturnType<typeof convexTest>, "mutation" | "action">,
  modules: Modules,
): Promise<() => void> {
  const { default: crons } = await loaded<{ default: { export(): string } }>(modules, "crons");
  const jobs = Object.values(JSON.parse(crons.export()) as Record<string, CronJob>);
  const timers = jobs.map(({ name, schedule }) => {
    const run = () => void runByName(t, modules, name).catch((error: unknown) => console.error(`cron ${name}:`, error));
    return setInterval(run, everyMs(schedule)).unref();
  });
  const { cleanup } = (
    componentsGeneric() as unknown as { keelson: { cleanup: { run: FunctionReference<"mutation"> } } }
  ).keelson;
  timers.push(setInterval(() => void t.mutation(cleanup.run, {}).catch(console.error), 600_000).unref());
  return () => timers.forEach(clearInterval);
}

/** Calls a function by `module:name`, whatever kind it is. */
export async function runByName(
  t: Pick<ReturnType<typeof convexTest>, "mutation" | "action">,
  modules: Modules,
  path: string,
  args: Record<string, unknown> = {},
): Promise<unknown> {
  const [module = "", name = "default"] = path.split(":");
  const exports = await loaded<Record<string, { isAction?: boolean }>>(modules, module);
  if (exports[name] === undefined) throw new TypeError(`there is no function ${path}`);
  return exports[name].isAction
    ? t.action(makeFunctionReference<"action">(path), args)
    : t.mutation(makeFunctionReference<"mutation">(path), args);
}

function everyMs(schedule: CronJob["schedule"]): number {
  for (const [unit, ms] of Object.entries(UNITS_MS)) {
    const count = schedule[unit];
    if (typeof count === "number" || typeof count === "bigint") return Number(count) * ms;
  }
  throw new TypeError(`a schedule that this host doesn't know: ${JSON.stringify(schedule)}`);
}
