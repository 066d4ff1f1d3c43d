// The dashboard from recent artefacts: npm run reliability:dashboard
import { runKeelson } from "./keelson.mjs";

process.exitCode = runKeelson("dashboard", process.argv.slice(2));
