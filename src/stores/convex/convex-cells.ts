import type { Kernel } from "../../core/kernel.js";
import { type CellStep, type Cells, type Outcome, type StoreCall, StoreFailure } from "../../core/store.js";
import type { StepsAnswer, WireStep } from "./server/wire.js";
import { stored } from "./text.js";

/** What cells ask of the store that they are in. */
export interface CellRoom {
  /** Steps all or nothing; where it can't write, it only looks. */
  steps<D extends object>(steps: readonly WireStep[]): Promise<Outcome<readonly D[]>>;
  /** What a step would decide. */
  look(step: WireStep): Promise<Outcome<StepsAnswer>>;
  /** Documents that the limits of this space are spread over. */
  shards(space: string): number | undefined;
}

/** The cells of one space of a Convex store. */
export class ConvexCells<S, Config, Input, D extends object> implements Cells<Config, Input, D> {
  readonly room: CellRoom;
  readonly kernel: Kernel<S, Config, Input, D>;
  readonly #space: string;
  readonly #shards: { readonly shards?: number };

  constructor(room: CellRoom, kernel: Kernel<S, Config, Input, D>, space: string) {
    this.room = room;
    this.kernel = kernel;
    this.#space = stored(space);
    const shards = kernel.name.startsWith("limit/") ? room.shards(space) : undefined;
    this.#shards = shards === undefined ? {} : { shards };
  }

  async step(key: string, config: Config, input: Input): Promise<Outcome<D>> {
    const outcome = await this.room.steps<D>([this.wire(key, config, input)]);
    return outcome instanceof StoreFailure ? outcome : (outcome[0] as D);
  }

  async glance(
    key: string,
    config: Config,
    input: Input,
    _call?: StoreCall,
  ): Promise<Outcome<{ readonly decision: D | undefined }>> {
    const answer = await this.room.look(this.wire(key, config, input));
    if (answer instanceof StoreFailure) return answer;
    if ("failure" in answer) return new StoreFailure(answer.failure, "no");
    const [decision] = JSON.parse(answer.decisions) as D[];
    return { decision: answer.changes ? undefined : decision };
  }

  with(key: string, config: Config, input: Input): CellStep<D> {
    return new BoundStep(this, key, this.wire(key, config, input));
  }

  wire(key: string, config: Config, input: Input): WireStep {
    const { name, version } = this.kernel;
    return {
      kernel: name,
      version,
      space: this.#space,
      key: stored(key),
      config: JSON.stringify(config ?? null),
      input: JSON.stringify(input ?? null),
      ...this.#shards,
    };
  }
}

/** One of several steps that are taken together. */
export class BoundStep<D extends object> implements CellStep<D> {
  declare readonly "~decision"?: D;

  constructor(
    readonly cells: { readonly room: CellRoom },
    readonly key: string,
    readonly wire: WireStep,
  ) {}
}
