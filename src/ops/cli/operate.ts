import type { Command } from "commander";
import type { Workspace } from "../config/load.js";
import { EXIT, UsageError } from "../failure.js";
import { HttpClient } from "../http/exchange.js";
import type { Io } from "../io.js";
import { OperatorClient, pairs } from "../operate/client.js";
import { entryText, leversText } from "../operate/text.js";
import { command, type Ended, type SharedOptions } from "./shared.js";

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
    async (workspace, options, _, args) => {
      const http = new HttpClient({ insecureTls: workspace.config.target.insecureTls });
      try {
        const client = new OperatorClient(workspace.config, (sent) => http.ask({ ...sent, signal: io.signal }));
        return await operate(workspace, client, options, args);
      } finally {
        await http.close();
      }
    },
  )
    .argument("<lever>", "a lever as breaker.isolate; or list, or release")
    .argument("[target]", "what it is pulled on; of release the id, or a lever")
    .argument("[released]", "of release LEVER: what it was pulled on")
    .option("-a, --arg <name=value>", "what the lever is told; several times for several", collected)
    .option("-r, --reason <text>", "why: it is written into the audit")
    .option("--for <duration>", "how long a lever that lasts is in effect: 15m; at most 24h (default: the service's)")
    .option("--by <name>", "for whom, beside who the service says that you are: it is put behind the reason");
}

async function operate(
  { io, redactor }: Workspace,
  client: OperatorClient,
  options: OperateOptions & SharedOptions,
  [what, target, released]: readonly (string | undefined)[],
): Promise<number> {
  const { json, quiet } = options;
  if (what === "list") {
    const levers = redactor.data(await client.levers());
    if (json === true) io.out(JSON.stringify(levers, null, 2));
    else for (const line of leversText(levers)) io.out(line);
    return EXIT.ok;
  }
  if (what === undefined || target === undefined)
    throw new UsageError(
      `operate: ${what === "release" ? "whose id?" : "on which target?"} keelson operate list tells`,
    );
  if (released !== undefined && what !== "release")
    throw new UsageError(`operate: ${released}: a lever has one target; what it is told goes into --arg`);
  const reason = reasonOf(options);
  const entry = redactor.data(
    what === "release"
      ? await client.release(released === undefined ? target : await client.idOf(target, released), reason)
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
}

function reasonOf({ reason, by }: OperateOptions): string {
  if (reason === undefined || reason.trim() === "") throw new UsageError('operate: --reason "…" is missing: say why');
  return by === undefined ? reason : `${reason} (for ${by})`;
}

function collected(one: string, before: readonly string[] = []): readonly string[] {
  return [...before, one];
}
