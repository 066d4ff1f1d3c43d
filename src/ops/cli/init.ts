import { Command } from "commander";
import { init } from "../init/init.js";
import type { Io } from "../io.js";

export function initCommand(io: Io): Command {
  return new Command("init")
    .description("write a configuration, policies and a workflow into this project; nothing is overwritten")
    .action(async () => {
      const { written, kept, scripts } = await init(io.cwd);
      for (const file of written) io.out(`written  ${file}`);
      for (const file of kept) io.out(`kept     ${file}`);
      io.out("\nFor package.json:");
      for (const [name, script] of Object.entries(scripts))
        io.out(`  ${JSON.stringify(name)}: ${JSON.stringify(script)},`);
      io.out("\nNext: keelson probe, with the service running.");
    });
}
