/** Brings the service into every situation it should survive, and shows what held. Fails if a claim doesn't hold. */
import { Report } from "./report.js";
import { situations } from "./situations/situations.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { World } from "./world.js";

const only = process.argv[2]?.toLowerCase();
const chosen = situations.filter(({ title }) => only === undefined || title.toLowerCase().includes(only));
if (chosen.length === 0) {
  console.error(`No situation has "${only}" in its title: ${situations.map(({ title }) => title).join(", ")}`);
  process.exit(2);
}

console.log(
  "A shopping assistant, the model, search, WhatsApp and Google that it calls: all on this machine, all breakable.",
);
const start = performance.now();
const world = await World.create();
const report = new Report(process.stdout);
const timeline = new Timeline(Date.now());
console.log(`Watch it meanwhile: ${world.operatorPage} (token: ${world.standIns.env.OPERATOR_TOKEN})`);
try {
  for (const [at, { title, claim, play }] of chosen.entries()) {
    report.begin(at + 1, chosen.length, title, claim);
    await play(new Stage(world, report, timeline, title));
    report.ended();
  }
} finally {
  await world.close();
}
const turns = timeline.lines();
if (turns.length > 0) console.log(`\nThe incident, as it went:\n\n${turns.join("\n")}`);
process.exitCode = report.summary((performance.now() - start) / 1000) ? 0 : 1;
