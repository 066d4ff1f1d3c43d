import { integer } from "../../core/config.js";
import type { LeverArg, LeverArgs } from "../../core/levers.js";
import type { JobSet } from "../../primitives/queue/job.js";
import type { Queue } from "../../primitives/queue/queue.js";
import type { Bindings } from "../registry.js";
import { type Control, Targets } from "./control.js";

const MOST_JOBS = 10_000;
const MAX: LeverArg = { name: "max", kind: "number", required: false, describe: `jobs at most, 100 if left out` };
const KEY: LeverArg = { name: "key", kind: "text", required: true, describe: "whom: what the limiter counts by" };

/** What lies in the store: caches with a second tier, limiters, jobs. */
export function storeControls(bindings: Bindings, perCall: boolean): readonly Control[] {
  return [...cacheControls(bindings, perCall), ...queueControls(bindings, perCall), ...limiterControls(bindings)];
}

function cacheControls(bindings: Bindings, perCall: boolean): readonly Control[] {
  const caches = new Targets(() =>
    // What a call holds by itself goes with it.
    perCall
      ? [...bindings.all("caches")].filter(([, cache]) => cache.snapshot().tier2 !== null)
      : bindings.all("caches"),
  );
  return [
    {
      lever: "cache.clear",
      describe: "Drops everything in the namespace, in the store and in every process.",
      lasting: false,
      args: [],
      targets: () => caches.names(),
      once: (target) => caches.get(target).clear().then(nothing),
      here: (target) => caches.get(target).clearHere(),
    },
  ];
}

function limiterControls(bindings: Bindings): readonly Control[] {
  const limiters = new Targets(() => bindings.all("limiters"));
  const key = (args: LeverArgs) => args.key as string;
  return [
    {
      lever: "limiter.reset",
      describe: "Forgets what a key has taken, and that it was blocked.",
      lasting: false,
      args: [KEY],
      targets: () => limiters.names(),
      once: (target, args) => limiters.get(target).reset(key(args)).then(nothing),
    },
    {
      lever: "limiter.block",
      describe: "Refuses a key until it ends.",
      lasting: true,
      args: [KEY],
      targets: () => limiters.names(),
      once: (target, args, ms) => limiters.get(target).block(key(args), ms).then(nothing),
      undoOnce: (target, args) => limiters.get(target).block(key(args), 0),
    },
  ];
}

function queueControls(bindings: Bindings, perCall: boolean): readonly Control[] {
  const kinds = new Targets(() => kindsOf(bindings));
  const targets = () => kinds.names();
  const max = (args: LeverArgs) => integer(args.max ?? 100, "max", 1, MOST_JOBS);
  const check = (_: string, args: LeverArgs) => void max(args);
  return [
    {
      lever: "queue.pause",
      describe: "Gives out no job of the kind until it ends. What runs goes on, what comes is taken in.",
      lasting: true,
      args: [],
      targets,
      once: (target) => kinds.get(target).queue.pause(kinds.get(target).tool).then(nothing),
      undoOnce: (target) => kinds.get(target).queue.resume(kinds.get(target).tool),
    },
    {
      lever: "queue.resume",
      describe: "Ends a pause, or a drain.",
      lasting: false,
      args: [],
      targets,
      once: (target) => kinds.get(target).queue.resume(kinds.get(target).tool).then(nothing),
    },
    {
      lever: "queue.drain",
      describe: "Takes no job of the kind in until it ends; those there are get done.",
      lasting: true,
      args: [],
      // A call would have to ask for it with each job that it enqueues.
      targets: perCall ? () => [] : targets,
      here: (target) => kinds.get(target).queue.turnAway(kinds.get(target).tool),
      undoHere: (target) => kinds.get(target).queue.admit(kinds.get(target).tool),
    },
    {
      lever: "queue.requeue-dead",
      describe: "Queues dead jobs of the kind anew, oldest first, with all their attempts before them.",
      lasting: false,
      args: [MAX],
      targets,
      check,
      once: async (target, args) => {
        const { queue, tool } = kinds.get(target);
        return (await queue.requeueDead({ tool, max: max(args) })).requeued;
      },
    },
    {
      lever: "queue.drop-dead",
      describe: "Forgets dead jobs of the kind, oldest first.",
      lasting: false,
      args: [MAX],
      targets,
      check,
      once: async (target, args) => {
        const { queue, tool } = kinds.get(target);
        return (await queue.dropDead({ tool, max: max(args) })).dropped;
      },
    },
  ];
}

interface Kind {
  readonly queue: Queue<JobSet, unknown>;
  readonly tool: string;
}

function* kindsOf(bindings: Bindings): Iterable<readonly [string, Kind]> {
  for (const [name, queue] of bindings.all("queues"))
    for (const tool of queue.kinds()) yield [`${name}/${tool}`, { queue, tool }];
}

function nothing(): undefined {
  return undefined;
}
