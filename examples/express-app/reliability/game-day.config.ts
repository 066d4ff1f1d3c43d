import { defineConfig } from "keelson/ops";
import { local } from "./local.js";

/** What game days know of the service that `game-day.ts` starts: with the secrets of this machine, on a port of its own. */
export default defineConfig({
  service: "shop-assistant",
  target: "http://127.0.0.1:8080",
  operator: { headers: { authorization: `Bearer ${local.OPERATOR_TOKEN}` } },
  experiments: "experiments",
  runbooks: "../../../docs/runbooks",
  output: "../../../.output/reliability",
});
