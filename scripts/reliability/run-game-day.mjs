// Faults on purpose, and whether the service holds: npm run reliability:gameday
import { runKeelson } from "./keelson.mjs";

process.exitCode = runKeelson("gameday", process.argv.slice(2));
