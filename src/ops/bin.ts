#!/usr/bin/env node
import { main } from "./cli/program.js";
import { EXIT } from "./failure.js";
import { processIo } from "./io.js";

const interrupt = new AbortController();
let code: number | undefined;
function stop(exitCode: number): void {
  // The second one means it.
  if (interrupt.signal.aborted) process.exit(exitCode);
  code = exitCode;
  interrupt.abort();
}
process.on("SIGINT", () => stop(EXIT.interrupted));
process.on("SIGTERM", () => stop(EXIT.terminated));
const ended = await main(process.argv.slice(2), processIo(interrupt.signal));
process.exitCode = code ?? ended;
