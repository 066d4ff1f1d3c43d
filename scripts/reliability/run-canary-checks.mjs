// A candidate beside what runs now: npm run reliability:canary -- --control URL --candidate URL
import { runKeelson } from "./keelson.mjs";

process.exitCode = runKeelson("canary", process.argv.slice(2));
