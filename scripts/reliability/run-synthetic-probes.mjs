// Synthetic probes of the service: npm run reliability:probe
import { runKeelson } from "./keelson.mjs";

process.exitCode = runKeelson("probe", process.argv.slice(2));
