import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** A bundled module as the CLI sends it. */
interface Module {
  readonly path: string;
  readonly source: string;
}

/** What the CLI sends to be analysed: bundles of the app and of its components. */
export interface PushRequest {
  readonly appDefinition: {
    readonly definition: Module | null;
    readonly schema: Module | null;
    readonly changedModules: readonly Module[];
  };
  readonly componentDefinitions: readonly {
    readonly definitionPath: string;
    readonly definition: Module;
    readonly dependencies: readonly string[];
    readonly schema: Module | null;
    readonly functions: readonly Module[];
  }[];
}

/** What Convex's builders return. */
interface Registered {
  readonly isQuery?: boolean;
  readonly isMutation?: boolean;
  readonly isAction?: boolean;
  readonly isHttp?: boolean;
  readonly isInternal?: boolean;
  exportArgs(): string;
  exportReturns(): string;
}

interface AnalysedFunction {
  readonly name: string;
  readonly pos: null;
  readonly udfType: "Query" | "Mutation" | "Action";
  readonly visibility: { readonly kind: "internal" | "public" };
  readonly args: string;
  readonly returns: string;
}

type AnalysedModules = Record<string, { readonly functions: AnalysedFunction[] }>;

type Tree = { readonly type: "branch"; readonly branch: [string, Tree | Leaf][] };
type Leaf = { readonly type: "leaf"; readonly leaf: string };

/** What a component says of itself. */
interface Exported {
  readonly name: string;
  readonly childComponents: unknown;
  readonly httpMounts: unknown;
  readonly envVars?: unknown;
}

const UDF_CONFIG = { serverVersion: "1.48.0", importPhaseRngSeed: null, importPhaseUnixTimestamp: null };

/** What a deployment answers to a push, as far as code generation reads it: the bundles are loaded and asked. */
export async function analysisOf({ appDefinition, componentDefinitions }: PushRequest): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "convex-codegen-"));
  try {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    return await new Analysis(folder).answer(appDefinition, componentDefinitions);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Analysis {
  readonly #folder: string;
  /** Components by the path of their definition. */
  readonly #names = new Map<string, string>();
  #folders = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async answer(app: PushRequest["appDefinition"], components: PushRequest["componentDefinitions"]): Promise<unknown> {
    const analysis: Record<string, unknown> = {};
    const waiting = [...components];
    while (waiting.length > 0) {
      // Those that others are made of come first.
      const next = waiting.findIndex(({ dependencies }) => dependencies.every((path) => this.#names.has(path)));
      const [one] = waiting.splice(next, 1);
      if (next < 0 || one === undefined) throw new Error("components depend on each other in a circle");
      const exported = await this.#definition(one.definition);
      this.#names.set(one.definitionPath, exported.name);
      const functions = await this.#functions(one.functions);
      analysis[one.definitionPath] = {
        definition: {
          path: one.definitionPath,
          definitionType: { type: "childComponent", name: exported.name },
          childComponents: exported.childComponents,
          httpMounts: exported.httpMounts,
          exports: treeOf(functions),
          envVars: exported.envVars,
        },
        schema: await this.#schema(one.schema),
        functions,
        udfConfig: UDF_CONFIG,
      };
    }
    const exported = app.definition === null ? undefined : await this.#definition(app.definition);
    analysis[""] = {
      definition: {
        path: "",
        definitionType: { type: "app" },
        childComponents: exported?.childComponents ?? [],
        httpMounts: exported?.httpMounts ?? {},
        exports: { type: "branch", branch: [] },
        envVars: exported?.envVars,
      },
      schema: await this.#schema(app.schema),
      functions: await this.#functions(app.changedModules),
      udfConfig: UDF_CONFIG,
    };
    const http = { httpModuleRoutes: null, mounts: [] };
    return {
      environmentVariables: {},
      externalDepsId: null,
      componentDefinitionPackages: {},
      appAuth: [],
      analysis,
      app: { definitionPath: "", componentPath: "", args: {}, childComponents: {}, httpRoutes: http, exports: {} },
      schemaChange: { allocatedComponentIds: {}, schemaIds: {} },
    };
  }

  /** Loads a definition. The components that it names are outside of its bundle: stubs stand in for them. */
  async #definition(module: Module): Promise<Exported> {
    const folder = this.#newFolder();
    const source = withoutMap(module).replace(/"\.\/_componentDeps\/([^"]+)"/g, (_, encoded: string) => {
      const path = Buffer.from(encoded, "base64url").toString();
      const stub = { componentDefinitionPath: path, defaultName: this.#names.get(path) };
      writeFileSync(join(folder, `${encoded}.mjs`), `export default ${JSON.stringify(stub)};`);
      return `"./${encoded}.mjs"`;
    });
    writeFileSync(join(folder, "convex.config.mjs"), source);
    const loaded = (await load(join(folder, "convex.config.mjs"))) as { default: { export(): Exported } };
    return loaded.default.export();
  }

  async #schema(module: Module | null): Promise<unknown> {
    if (module === null) return null;
    const folder = this.#write([module]);
    const loaded = (await load(join(folder, module.path))) as { default: { export(): string } };
    return JSON.parse(loaded.default.export());
  }

  async #functions(modules: readonly Module[]): Promise<AnalysedModules> {
    const folder = this.#write(modules);
    const analysed: AnalysedModules = {};
    for (const { path } of modules) {
      if (path.startsWith("_deps/")) continue;
      const exports = (await load(join(folder, path))) as Record<string, Registered | undefined>;
      const functions = Object.entries(exports).flatMap(([name, one]) => analysedFunction(name, one));
      analysed[path] = { functions, ...{ httpRoutes: null, cronSpecs: null, sourceMapped: null } };
    }
    return analysed;
  }

  #write(modules: readonly Module[]): string {
    const folder = this.#newFolder();
    for (const module of modules) {
      const file = join(folder, module.path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, withoutMap(module));
    }
    return folder;
  }

  #newFolder(): string {
    const folder = join(this.#folder, String(this.#folders++));
    mkdirSync(folder);
    return folder;
  }
}

function analysedFunction(name: string, one: Registered | undefined): AnalysedFunction[] {
  if (!one || one.isHttp || !(one.isQuery || one.isMutation || one.isAction)) return [];
  const udfType = one.isQuery ? "Query" : one.isMutation ? "Mutation" : "Action";
  const visibility = { kind: one.isInternal ? "internal" : "public" } as const;
  return [{ name, pos: null, udfType, visibility, args: one.exportArgs(), returns: one.exportReturns() }];
}

/** The public functions as a tree of modules. */
function treeOf(modules: AnalysedModules): Tree {
  const root: Tree = { type: "branch", branch: [] };
  for (const [path, { functions }] of Object.entries(modules)) {
    const module = path.replace(/\.js$/, "");
    for (const { name, visibility } of functions) {
      if (visibility.kind !== "public") continue;
      let node = root;
      for (const part of module.split("/")) node = branchOf(node, part);
      node.branch.push([name, { type: "leaf", leaf: `_reference/function/${module}:${name}` }]);
    }
  }
  return root;
}

function branchOf({ branch }: Tree, name: string): Tree {
  const known = branch.find(([key]) => key === name)?.[1];
  if (known?.type === "branch") return known;
  const made: Tree = { type: "branch", branch: [] };
  branch.push([name, made]);
  return made;
}

function withoutMap({ source }: Module): string {
  return source.replace(/\/\/# sourceMappingURL=.*$/m, "");
}

function load(file: string): Promise<unknown> {
  return import(pathToFileURL(file).href);
}
