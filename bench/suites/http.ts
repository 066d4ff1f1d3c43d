/** Requests a second and CPU a request of whole services. */
import { duel, serving } from "../duel.js";
import { report } from "../harness.js";
import { services } from "../services.js";

if (!(await serving(services))) {
  report("http", [
    ...(await duel("Express, guarded endpoint", "express + keelson", "express + json + zod + express-rate-limit", 1)),
  ]);
  process.exit();
}
