// A load drill: npm run reliability:drill -- --profile=standard --scenarios=chat,health
import { runKeelson } from "./keelson.mjs";

process.exitCode = runKeelson("drill", process.argv.slice(2));
