import type { Situation } from "../stage.js";
import { abuse } from "./abuse.js";
import { badInput } from "./bad-input.js";
import { failing } from "./failing.js";
import { fleet } from "./fleet.js";
import { gone } from "./gone.js";
import { normal } from "./normal.js";
import { overload } from "./overload.js";
import { restart } from "./restart.js";
import { slow } from "./slow.js";
import { twice } from "./twice.js";
import { webhooks } from "./webhooks.js";

const { REDIS_URL } = process.env;

/** Everything that the service is brought into, in the order of the demo. */
export const situations: readonly Situation[] = [
  normal,
  badInput,
  abuse,
  twice,
  webhooks,
  slow,
  failing,
  gone,
  overload,
  restart,
  ...(REDIS_URL ? [fleet(REDIS_URL)] : []),
];
