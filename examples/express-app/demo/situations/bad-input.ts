import { sessionToken } from "../../service/session-token.js";
import { type Asked, type Seen, told } from "../ask.js";
import type { Situation, Stage } from "../stage.js";

export const badInput: Situation = {
  title: "Bad input of every kind",
  claim: "Each is refused for what is wrong with it, and none reaches the model.",
  async play(stage) {
    const { world } = stage;
    await world.start({ RATE_LIMIT_AUTH_FAILURES_MAX: "100" });
    const { SESSION_SECRET } = world.standIns.env;
    const shopper = await world.shopper();
    const { headers } = shopper;
    const body = JSON.stringify({ message: "a tent" });
    const deep = `{"message":"a tent","more":${"[".repeat(9)}${"]".repeat(9)}}`;
    const chat = (asked: Asked, query = "") =>
      world.ask("POST", `/api/chat${query}`, { body, ...asked, headers: { ...headers, ...asked.headers } });
    const bearer = async (token: string | Promise<string>) => ({ headers: { authorization: `Bearer ${await token}` } });

    const refuses = refuser(stage);
    await refuses("the wrong method", 405, /^guard method$|^$/, () => world.ask("DELETE", "/api/chat", { headers }));
    await refuses("a path that is not there", 404, null, () => world.ask("GET", "/api/chats", { headers }));
    await refuses("a script of another origin", 403, /^guard origin$/, () =>
      chat({ headers: { origin: "https://evil.example" } }),
    );
    await refuses("a query of 3 kB", 414, /^guard query$/, () => chat({}, `?q=${"a".repeat(3000)}`));
    await refuses("text in place of JSON", 415, /^guard content-type$/, () =>
      chat({ headers: { "content-type": "text/plain" } }),
    );
    await refuses("a compressed body", 415, /^guard content-type$/, () =>
      chat({ headers: { "content-encoding": "gzip" } }),
    );
    await refuses("20 kB, and says so", 413, /^guard content-length$/, () => chat({ body: "x".repeat(20_000) }));
    await refuses("20 kB, without saying so", 413, /^guard body$/, () => chat({ body: stream("x".repeat(20_000)) }));
    await refuses("a body that never ends", 408, /^guard body$/, () => chat({ body: endless() }));
    await refuses("no session", 401, /^guard auth$/, () =>
      world.ask("POST", "/api/chat", { headers: without(headers), body }),
    );
    await refuses("a session signed by someone else", 401, /^guard auth$/, async () =>
      chat(await bearer(sessionToken("another secret of thirty-two bytes", "ada"))),
    );
    await refuses("a session that is over", 401, /^guard auth$/, async () =>
      chat(await bearer(sessionToken(SESSION_SECRET, "ada", "-1m"))),
    );
    await refuses("half of a JSON document", 400, /^guard decode$/, () => chat({ body: body.slice(0, 9) }));
    await refuses("JSON nested nine deep", 400, /^guard decode$/, () => chat({ body: deep }));
    await refuses("a key called __proto__", 400, /^guard decode$/, () =>
      chat({ body: '{"message":"a tent","__proto__":{"admin":true}}' }),
    );
    await refuses("bytes that are no UTF-8", 400, /^guard decode$/, () =>
      chat({ body: new Uint8Array([123, 255, 125]) }),
    );
    await refuses("no message", 400, /^guard schema:body$/, () => chat({ body: "{}" }), "/message");
    await refuses(
      "a message of 3000 letters",
      400,
      /^guard schema:body$/,
      () => chat({ body: JSON.stringify({ message: "a".repeat(3000) }) }),
      "/message",
    );
    await stage.step("how many reached the model", async () => {
      const { requests } = world.standIns.openRouter.counts();
      return { saw: `${requests}`, holds: requests === 0 };
    });
  },
};

/** Sends something that has to be refused with a problem which tells nothing internal, and points to what is wrong. */
function refuser(stage: Stage) {
  return (sent: string, status: number, guard: RegExp | null, send: () => Promise<Seen>, pointer?: string) =>
    stage.step(
      sent,
      async () => {
        const seen = await send();
        const errors = (seen.json as { errors?: { pointer: string }[] } | undefined)?.errors ?? [];
        const pointed = errors.map((error) => error.pointer).join(", ");
        const isProblem = seen.header("content-type") === "application/problem+json" && seen.code !== undefined;
        const leaks = /node_modules|\.ts:|Error:/.test(seen.text);
        return {
          saw: pointer === undefined ? told([seen]) : `${told([seen])}: ${pointed}`,
          holds: seen.status === status && isProblem && !leaks && (pointer === undefined || pointed === pointer),
        };
      },
      guard,
    );
}

function without({ authorization: _, ...headers }: Readonly<Record<string, string>>): Record<string, string> {
  return headers;
}

/** Sent in chunks, so that its length is not known beforehand. */
function stream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

/** Starts, and leaves it at that. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"message":')) });
}
