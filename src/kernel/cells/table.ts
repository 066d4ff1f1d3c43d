/**
 * Cells of one kernel in this process: keys, states and when each may go. A cell is addressed by a handle, so that
 * reading and writing it look its key up once. A handle is good until the next sweep or deletion, one of a live cell
 * until that is deleted.
 */
export abstract class Table<S, Handle> {
  protected readonly handles = new Map<string, Handle>();
  /** Made late and dropped early: a map that grows keeps its former storage for as long as an iterator is under way. */
  #cursor: MapIterator<[string, Handle]> | undefined;

  get size(): number {
    return this.handles.size;
  }

  find(key: string): Handle | undefined {
    return this.handles.get(key);
  }

  /** All live cells: key, state and when each may go. */
  *live(now: number): Generator<readonly [key: string, state: S, expiresAt: number]> {
    for (const [key, handle] of this.handles) {
      const state = this.read(handle, now);
      if (state !== undefined) yield [key, state, this.expiresAt(handle)];
    }
  }

  /** The live state; an expired cell counts as absent. */
  abstract read(handle: Handle, now: number): S | undefined;
  abstract write(handle: Handle, state: S, expiresAt: number): void;
  /** Adds a cell; there must be none of that key. */
  abstract insert(key: string, state: S, expiresAt: number): void;
  protected abstract expiresAt(handle: Handle): number;

  delete(key: string): boolean {
    return this.handles.delete(key);
  }

  clear(): void {
    this.handles.clear();
    this.#cursor = undefined;
  }

  /**
   * Drops those that have expired among the next `budget` cells, going round.
   *
   * @returns how many it looked at: fewer than `budget` when it came to the end of the round
   */
  sweep(now: number, budget: number): number {
    this.#cursor ??= this.handles.entries();
    for (let looked = 0; looked < budget; looked++) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = undefined;
        return looked;
      }
      const [key, handle] = next.value;
      if (this.expiresAt(handle) <= now) this.delete(key);
    }
    return budget;
  }
}

/** A cell of a {@link PlainTable}. */
export interface PlainCell<S> {
  state: S;
  expiresAt: number;
}

/** States of any shape. */
export class PlainTable<S> extends Table<S, PlainCell<S>> {
  read(cell: PlainCell<S>, now: number): S | undefined {
    return cell.expiresAt > now ? cell.state : undefined;
  }

  write(cell: PlainCell<S>, state: S, expiresAt: number): void {
    cell.state = state;
    cell.expiresAt = expiresAt;
  }

  insert(key: string, state: S, expiresAt: number): void {
    this.handles.set(key, { state, expiresAt });
  }

  protected override expiresAt(cell: PlainCell<S>): number {
    return cell.expiresAt;
  }
}
