import type { Snapshot } from "../../../observe/snapshot.js";
import type { LeverEntry } from "../levers.js";
import { ask, asksForToken, hasToken, type Levers, Refused } from "./api.js";
import { helpDialog } from "./dialogs/help.js";
import { signIn } from "./dialogs/login.js";
import { pullDialog } from "./dialogs/pull.js";
import { releaseDialog } from "./dialogs/release.js";
import { frame } from "./frame.js";
import { History } from "./history.js";
import { shortcuts } from "./keys.js";
import { follow } from "./live.js";
import { alerts } from "./sections/alerts.js";
import { endpoints } from "./sections/endpoints.js";
import { glance } from "./sections/glance.js";
import { guards } from "./sections/guards.js";
import { levers as leverSection } from "./sections/levers.js";
import { surface } from "./sections/surface.js";
import { caches, knobs, limiters, queues } from "./sections/tables.js";
import { traffic } from "./sections/traffic.js";
import { upstreams } from "./sections/upstreams.js";

/** Levers are asked for this often: they change when somebody acts. */
const LEVERS_EVERY_MS = 5_000;

const history = new History();
let snapshot: Snapshot | undefined;
let levers: Levers = { operator: "", catalogue: [], active: [], audit: [] };
let paused = false;

const top = [glance(), alerts()];
const left = [traffic(), endpoints(), queues(), limiters(), caches()];
const right = [upstreams(), guards(), leverSection(), knobs()];
const last = surface();
const sections = [...top, ...left, ...right, last];

const act = pullDialog(() => levers, acted("Pulled"));
const release = releaseDialog(() => levers, acted("Released"));
const help = helpDialog();
const page = frame(left, right, top, {
  levers: () => act("", ""),
  help: help.open,
  pause: () => hold(!paused),
});
page.node.querySelector("main")?.append(last.node);

function acted(what: string): (entry: LeverEntry) => void {
  return ({ lever, target }) => {
    page.say(`${what}: ${lever} ${target}`);
    void askLevers();
  };
}

function hold(wanted: boolean): void {
  paused = wanted;
  page.paused(paused);
  if (!paused) show();
}

function show(): void {
  if (snapshot === undefined || paused) return;
  page.show(snapshot);
  for (const section of sections) section.update({ now: snapshot, history, levers, act, release });
}

async function askLevers(): Promise<void> {
  try {
    levers = (await (await ask("levers")).json()) as Levers;
    show();
  } catch (error) {
    // The link's state says that there is no news; a refusal is met by whoever follows.
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
  }
}

async function run(): Promise<never> {
  if (asksForToken && !hasToken()) await signIn();
  const app = document.getElementById("app");
  app?.replaceChildren(page.node);
  page.link("connecting");
  shortcuts({
    sections,
    enabled: help.shortcuts,
    help: help.open,
    levers: () => act("", ""),
    pause: () => hold(!paused),
  });
  setInterval(() => void askLevers(), LEVERS_EVERY_MS);
  for (;;) {
    void askLevers();
    await follow({
      news: (news) => {
        snapshot = news;
        history.add(news);
        show();
      },
      link: page.link,
    });
    await signIn();
  }
}

void run();
