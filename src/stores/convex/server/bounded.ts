/** Characters that are read of documents which may be large: a transaction reads 16 MiB at most, and one may have 3 bytes. */
const MOST_CHARACTERS = 2_000_000;

/** Some documents of a query. */
export interface Some<T> {
  readonly docs: T[];
  /** Whether there may be more. */
  readonly more: boolean;
}

/**
 * Reads documents one after the other until there were so many, or they were so large that the transaction has no room
 * for others.
 *
 * @param size about how large a document is, in characters
 * @param room how large all of them may be
 */
export async function upTo<T>(
  query: AsyncIterable<T>,
  most: number,
  size: (doc: T) => number,
  room: number = MOST_CHARACTERS,
): Promise<Some<T>> {
  const docs: T[] = [];
  let left = room;
  if (most <= 0) return { docs, more: true };
  for await (const doc of query) {
    docs.push(doc);
    left -= size(doc);
    if (docs.length >= most || left <= 0) return { docs, more: true };
  }
  return { docs, more: false };
}
