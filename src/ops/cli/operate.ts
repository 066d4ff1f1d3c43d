import type { Command } from "commander";
import { EXIT, UsageError } from "../failure.js";
import type { Io } from "../io.js";
import { OperatorClient, pairs } from "../operate/client.js";
import { entryText, leversText } from "../operate/text.js";
import { command, type Ended } from "./shared.js";

interface OperateOptions {
  readonly arg?: readonly string[];
  readonly reason?: string;
  readonly for?: string;
  readonly by?: string;
}

export function operateCommand(io: Io, ended: Ended): Command {
  return command<OperateOptions>(
    "operate",
    "pull a lever on the running service, take one back, or list them",
    io,
    ended,
    async (workspace, options, _, [what, target]) => {
      const client = new OperatorClient(workspace);
      const { json, quiet } = options;
      if (what === "list") {
        const levers = workspace.redactor.data(await client.levers());
        if (json === true) io.out(JSON.stringify(levers, null, 2));
        else for (const line of leversText(levers)) io.out(line);
        return EXIT.ok;
      }
      if (what === undefined || target === undefined)
        throw new UsageError(
          `operate: ${what === "release" ? "whose id?" : "on which target?"} keelson operate list tells`,
        );
      const reason = reasonOf(options);
      const entry = workspace.redactor.data(
        what === "release"
          ? await client.release(target, reason)
          : await client.pull({
              lever: what,
              target,
              ...(options.arg !== undefined && { args: pairs(options.arg) }),
              reason,
              ...(options.for !== undefined && { expiresIn: options.for }),
            }),
      );
      if (json === true) io.out(JSON.stringify(entry, null, 2));
      else if (quiet !== true) io.out(`${what === "release" ? "taken back: " : ""}${entryText(entry)}`);
      return EXIT.ok;
    },
  )
    .argument("<lever>", "a lever as breaker.isolate; or list, or release")
    .argument("[target]", "what it is pulled on; of release the id")
    .option("-a, --arg <name=value>", "what the lever is told; several times for several", collected)
    .option("-r, --reason <text>", "why: it is written into the audit")
    .option("--for <duration>", "how long a lever that lasts is in effect: 15m; at most 24h (default: the service's)")
    .option("--by <name>", "for whom, beside who the service says that you are: it is put behind the reason");
}

function reasonOf({ reason, by }: OperateOptions): string {
  if (reason === undefined || reason.trim() === "") throw new UsageError('operate: --reason "…" is missing: say why');
  return by === undefined ? reason : `${reason} (for ${by})`;
}

function collected(one: string, before: readonly string[] = []): readonly string[] {
  return [...before, one];
}
