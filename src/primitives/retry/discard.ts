/** The parts of a result that hold on to something. */
interface Holding {
  readonly body?: { readonly locked?: boolean; cancel?(): Promise<void> } | null;
  [Symbol.asyncDispose]?(): PromiseLike<unknown>;
  [Symbol.dispose]?(): void;
}

/**
 * Lets go of a result that nobody will see: cancels a response's body, which would hold its connection, and disposes
 * of what is disposable. What goes wrong in it concerns nobody any more: the result was given up already.
 */
export function discard(result: unknown): void {
  if (typeof result !== "object" || result === null) return;
  const { body } = result as Holding;
  if (typeof body?.cancel === "function") {
    if (body.locked !== true) body.cancel().catch(givenUp);
    return;
  }
  try {
    // Runtimes without these symbols look up the property "undefined", which nothing has.
    const holding = result as Holding;
    if (holding[Symbol.asyncDispose] !== undefined) Promise.resolve(holding[Symbol.asyncDispose]?.()).catch(givenUp);
    else holding[Symbol.dispose]?.();
  } catch {
    givenUp();
  }
}

function givenUp(): undefined {
  return undefined;
}
