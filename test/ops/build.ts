/**
 * A build of the Express example: `good`, `broken` (it has lost the guard of its push endpoint) or `slow` (it takes
 * longer over a chat). Prints its address, and ends with its parent.
 */
import type { AddressInfo } from "node:net";
import express from "express";
import { local } from "../../examples/express-app/reliability/local.js";
import { createService } from "../../examples/express-app/service/service.js";
import { startStandIns } from "../../examples/express-app/stand-ins/stand-ins.js";

const kind = process.argv[2] ?? "good";
const SLOWER_MS = 120;

const standIns = await startStandIns({ secrets: local });
const { app, close } = createService({ ...local, ...standIns.env });
const build = express();
if (kind === "broken")
  build.post("/api/gmail/push", (_request, response) => void response.json({ outcome: "handled" }));
if (kind === "slow") build.post("/api/chat", (_request, _response, next) => void setTimeout(next, SLOWER_MS));
build.use(app);
const server = build.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.stdin.resume().once("end", async () => {
  server.close();
  server.closeAllConnections();
  await close();
  await standIns.close();
});
