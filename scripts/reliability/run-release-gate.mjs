// Whether a release may go out: npm run reliability:gate
import { runKeelson } from "./keelson.mjs";

process.exitCode = runKeelson("gate", process.argv.slice(2));
