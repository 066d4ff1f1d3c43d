import fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    propertySeed: number;
  }
}

// The same cases each time: what a run of the tests says, it says of the code, and not of luck. Others are tried by
// `npm run properties`.
fc.configureGlobal({ seed: inject("propertySeed") });
