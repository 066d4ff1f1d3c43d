import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { keelson, schema } from "../echo.js";
import { compete, report } from "../harness.js";

const { kit } = keelson();
const hono = new Hono();
hono.post("/echo", zValidator("json", schema), (c) => c.json(c.req.valid("json")));

const body = JSON.stringify({ text: "a lamp for the desk", page: 1 });
const init = {
  method: "POST",
  body,
  headers: { "content-type": "application/json", "content-length": String(body.length) },
};

/** From a Request to the Response's text, as a runtime that speaks fetch would. */
const through = (handler: (request: Request) => Response | Promise<Response>) => async (n: number) => {
  for (let i = 0; i < n; i++) {
    const response = await handler(new Request("http://127.0.0.1/echo", init));
    if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`);
    await response.text();
  }
};

report("fetch", [
  await compete({
    path: "fetch handler, full guards",
    ours: through((request) => kit.fetch(request)),
    peer: through((request) => hono.fetch(request)),
    peerName: "hono 4 + zod validator",
    target: 1 / 0.9,
    calls: 5_000,
  }),
]);
process.exit();
