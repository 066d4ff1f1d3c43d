import type { BulletinSource, Bulletins } from "../../core/bulletins.js";
import type { Alarm } from "../../core/clock.js";
import { Deadlines } from "../../core/deadlines.js";
import type { Runtime } from "../../core/runtime.js";
import { type Cells, StoreFailure } from "../../core/store.js";
import { broken, StoreWait } from "../../core/store-wait.js";
import {
  type SharedBreakerConfig,
  type SharedBreakerDecision,
  type SharedBreakerInput,
  sharedBreakerKernel,
} from "../../kernel/breaker/shared-breaker.js";
import type { FleetConfig } from "./fleet-options.js";
import type { State } from "./states.js";

/** What a breaker is of the fleet's, for the snapshot. */
export interface FleetSnapshot {
  /** Whether a quorum finds the callee failing, as far as is known here. */
  readonly open: boolean;
  /** Processes whose circuit is open, as last heard. */
  readonly nodes: number;
  /** Whether this process tries the callee for all. */
  readonly probing: boolean;
  readonly storeFailures: number;
}

/** What the fleet does to a breaker. */
export interface FleetTarget {
  readonly name: string;
  readonly state: State;
  /** A quorum of processes finds the callee failing. */
  openFor(ms: number): void;
  /** It was found to be well. */
  recovered(): void;
}

const NODES = 2 ** 48;
/** A quorum that ends so much before its time has ended because the callee was found to be well. */
const EARLY_MS = 20;
/** Another process tries: asked again after so long at most. */
const ASK_AGAIN_MS = 250;

/**
 * Tells other processes that this one's circuit has opened, hears of theirs, and takes turns with them in trying the
 * callee again. Never on the way of a call: what is heard changes the breaker's state, and calls see that.
 */
export class Fleet {
  readonly #target: FleetTarget;
  readonly #rt: Runtime;
  readonly #config: FleetConfig;
  readonly #deadlines: Deadlines;
  /** This process, as long as it lives. */
  readonly #node: number;
  #cells: Cells<SharedBreakerConfig, SharedBreakerInput, SharedBreakerDecision> | undefined;
  #used = false;
  #polling: Alarm | undefined;
  #listening = false;
  /** Monotonic; 0: no quorum is known of. */
  #quorumUntil = 0;
  #nodes = 0;
  /** Until when, monotonic, others are to know that this circuit is open; 0: that it is not. */
  #openUntil = 0;
  /** Whether the store has heard that. */
  #said = true;
  /** Raised with each change of state: an answer to what was asked before says nothing about the present one. */
  #changes = 0;
  /** Of the probe that this process may make; 0: none. */
  #fence = 0;
  #asking = false;
  #askAt = 0;
  #failures = 0;

  constructor(target: FleetTarget, config: FleetConfig, rt: Runtime) {
    this.#target = target;
    this.#config = config;
    this.#rt = rt;
    this.#deadlines = new Deadlines(rt.clock, config.deadlineMs);
    this.#node = 1 + Math.floor(rt.random() * (NODES - 1));
  }

  /** A call is made: while there are calls, it is looked how others fare. */
  seen(): void {
    this.#used = true;
    if (this.#polling === undefined) this.#pollLater();
  }

  /** Whether an open circuit whose time is over has to wait, for another process tries, or it isn't known yet. */
  holdsBack(now: number): boolean {
    if (this.#fence > 0 || this.#alone) return false;
    if (!this.#asking && now >= this.#askAt) void this.#askToProbe();
    return true;
  }

  /** The store can't say: then each process tries for itself. */
  #alone = false;

  /** The breaker has changed its state. */
  became(next: State, reason: string): void {
    this.#changes++;
    const fence = this.#fence;
    if (fence > 0 && next.name !== "half-open") {
      this.#fence = 0;
      void this.#step({ op: "settle", fence, recovered: next.name === "closed" }).then((decision) => {
        if (decision !== undefined && next.name === "closed") this.#tell();
      });
    }
    if (next.name === "open") {
      this.#alone = false;
      if (reason !== "fleet") this.#advertise(next.until + this.#config.probeMs);
    } else if (next.name !== "half-open" && this.#openUntil > 0) this.#advertise(0);
  }

  snapshot(): FleetSnapshot {
    return {
      open: this.#rt.clock.monotonic() < this.#quorumUntil,
      nodes: this.#nodes,
      probing: this.#fence > 0,
      storeFailures: this.#failures,
    };
  }

  /** @param until monotonic; 0: it is open no more */
  #advertise(until: number): void {
    this.#openUntil = until;
    this.#said = false;
    this.#say();
  }

  #say(): void {
    const until = this.#openUntil;
    const openMs = Math.ceil(Math.max(0, until - this.#rt.clock.monotonic()));
    void this.#step({ op: "advertise", node: this.#node, openMs }).then((decision) => {
      // What the store missed is said again with the next look.
      if (decision === undefined || until !== this.#openUntil) return;
      this.#said = true;
      if (decision.open || openMs === 0) this.#tell();
    });
  }

  async #askToProbe(): Promise<void> {
    this.#asking = true;
    const decision = await this.#step({ op: "probe" });
    this.#asking = false;
    this.#alone = decision === undefined;
    if (decision === undefined) return;
    if (this.#target.state.name !== "open") return;
    this.#fence = decision.fence;
    if (decision.fence === 0) this.#askAt = this.#rt.clock.monotonic() + ASK_AGAIN_MS;
  }

  #pollLater(): void {
    const { clock, random } = this.#rt;
    const ms = this.#config.pollMs * (0.5 + random() / 2);
    this.#polling = clock.alarm(
      ms,
      () => {
        this.#polling = undefined;
        if (!this.#used) return;
        this.#used = false;
        this.#listen();
        if (this.#said) void this.#step({ op: "read" });
        else this.#say();
        this.#pollLater();
      },
      "background",
    );
  }

  /** Asks the store, and acts upon what it says. */
  async #step(input: SharedBreakerInput): Promise<SharedBreakerDecision | undefined> {
    const { clock, events } = this.#rt;
    const { deadlineMs } = this.#config;
    const changes = this.#changes;
    let outcome: SharedBreakerDecision | StoreFailure;
    try {
      const answer = this.#shared().step("-", this.#config, input, { deadlineMs });
      outcome =
        answer instanceof Promise ? await new StoreWait(answer, this.#deadlines, clock.monotonic()).answer : answer;
    } catch (error) {
      outcome = broken(error);
    }
    if (outcome instanceof StoreFailure) {
      this.#failures++;
      if (events.wants("breaker.store_failed")) {
        const { reason, error } = outcome;
        events.emit("breaker.store_failed", { name: this.#target.name, operation: input.op, reason, error });
      }
      return undefined;
    }
    if (changes === this.#changes) this.#heard(outcome);
    return outcome;
  }

  #heard({ open, nodes, retryAfterMs }: SharedBreakerDecision): void {
    const now = this.#rt.clock.monotonic();
    const before = this.#quorumUntil;
    this.#nodes = nodes;
    this.#quorumUntil = open ? now + retryAfterMs : 0;
    const { state } = this.#target;
    if (open && state.name === "closed") {
      // Those who opened by themselves say it for as long as they are open, and as long as a probe may take.
      this.#target.openFor(Math.max(1, retryAfterMs - this.#config.probeMs));
    } else if (!open && nodes === 0 && before - EARLY_MS > now && state.name === "open") {
      this.#openUntil = 0;
      this.#said = true;
      this.#target.recovered();
    }
  }

  #tell(): void {
    this.#bulletins()?.tell(this.#topic, "");
  }

  get #topic(): string {
    return `breaker:${this.#target.name}`;
  }

  #listen(): void {
    const bulletins = this.#bulletins();
    if (this.#listening || bulletins === undefined) return;
    this.#listening = true;
    const look = () => void this.#step({ op: "read" });
    const heard = bulletins.hear(this.#topic, look, look);
    if (heard instanceof Promise)
      heard.catch(() => {
        // It polls, and tries again to listen with the next poll.
        this.#listening = false;
      });
  }

  #bulletins(): Bulletins | undefined {
    return (this.#rt.store as BulletinSource | undefined)?.bulletins;
  }

  #shared() {
    const { store } = this.#rt;
    if (store === undefined)
      throw new TypeError(`breaker("${this.#target.name}").shared has no store: pass runtime({ store })`);
    this.#cells ??= store.open(sharedBreakerKernel, `breaker:${this.#target.name}`);
    return this.#cells;
  }
}
