/**
 * What sinks cost a guarded request: of an Express service over loopback, and of the fetch handler alone, where
 * everything else is a third. Kits are alike but for what listens to them. What sinks do later (exports, lines, a
 * snapshot) is in the figures, once in ten thousand requests.
 */

import { serviceContender, serving } from "../duel.js";
import { report } from "../harness.js";
import { expressWith } from "../services.js";
import { contestants } from "../sinks/contestants.js";
import { fetchContender, fetching } from "../sinks/fetching.js";
import { compared, trial } from "../trial.js";

const services = Object.fromEntries(
  (["without events", "sinks off", "all sinks on"] as const).map((name) => [
    name,
    () => expressWith(contestants[name]().echo),
  ]),
);

if (!(await fetching()) && !(await serving(services))) {
  const express = await trial(
    Object.fromEntries(Object.keys(services).map((name) => [name, () => serviceContender(name)])),
    { blocks: 7, rounds: 2, warmUps: 1 },
  );
  const fetched = await trial(
    Object.fromEntries(Object.keys(contestants).map((name) => [name, () => fetchContender(name)])),
    { blocks: 5, rounds: 4, warmUps: 2 },
  );
  const path = (name: string) => `fetch: ${name}`;
  report("sinks", [
    ...compared(express, "Express, sinks off", ["sinks off", "without events"], 1.02, "µs"),
    ...compared(express, "Express, all four on", ["all sinks on", "sinks off"], 1.15, "µs"),
    ...compared(fetched, path("sinks off"), ["sinks off", "without events"], 1.02, "µs"),
    ...(["sentry", "prometheus", "logs", "otel"] as const).flatMap((name) =>
      compared(fetched, path(`${name} alone`), [name, "sinks off"], 1.15, "µs"),
    ),
    ...compared(fetched, path("all four on"), ["all sinks on", "sinks off"], 1.15, "µs"),
    // What OpenTelemetry's SDK costs whoever asks it: that much of it is not ours.
    ...compared(fetched, path("SDK by hand, histogram"), ["histogram by hand", "sinks off"], 1.15, "µs"),
    ...compared(fetched, path("otel alone"), ["otel", "histogram by hand"], 1.05, "µs"),
    ...compared(fetched, path("otel alone"), ["otel", "histogram and spans by hand"], 1, "µs"),
  ]);
  process.exit();
}
