/** Peers that bring no types: as much of them as the benchmarks use. */
declare module "overload-protection" {
  import type { RequestHandler } from "express";
  export default function overloadProtection(framework: "express", options?: { production?: boolean }): RequestHandler;
}
declare module "toobusy-js" {
  export default function toobusy(): boolean;
}
