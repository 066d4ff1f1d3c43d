import { afterAll, beforeAll, expect } from "vitest";

/** Has a test file fail if a rejection was handled by nobody while it ran. */
export function noneUnhandled(): void {
  const unhandled: unknown[] = [];
  const hear = (reason: unknown) => unhandled.push(reason);
  beforeAll(() => {
    process.on("unhandledRejection", hear);
  });
  afterAll(async () => {
    // They are told once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", hear);
    expect(unhandled).toEqual([]);
  });
}
