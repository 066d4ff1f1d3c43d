// Faults on purpose, and whether the service holds: npm run reliability:gameday -- openrouter-slow
// The Express example is started for it, with stand-ins that can fail. A service of your own: npx keelson gameday.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const theatre = ["--no-install", "tsx", "examples/express-app/reliability/game-day", ...process.argv.slice(2)];
process.exitCode = spawnSync("npx", theatre, { cwd: root, stdio: "inherit" }).status ?? 4;
