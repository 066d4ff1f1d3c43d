import { describe, expect, it } from "vitest";
import { discard } from "./discard.js";

describe("discard", () => {
  it("cancels a body, disposes of what is disposable, and bears what goes wrong", () => {
    const done: string[] = [];
    discard({ body: { locked: false, cancel: async () => void done.push("body") } });
    discard({ body: { locked: true, cancel: async () => void done.push("locked") } });
    discard({ [Symbol.dispose]: () => done.push("sync") });
    discard({ [Symbol.asyncDispose]: async () => done.push("async") });
    discard({
      [Symbol.dispose]: () => {
        throw new Error("no");
      },
    });
    discard({ [Symbol.asyncDispose]: () => Promise.reject(new Error("no")) });
    for (const plain of [null, undefined, 1, "text", {}, new Response(null)]) discard(plain);
    discard(new Response(new ReadableStream({ cancel: () => void done.push("response") })));
    expect(done).toEqual(["body", "sync", "async", "response"]);
  });
});
