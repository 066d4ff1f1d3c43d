import { contractTests, signedByMeta } from "keelson/testing";
import { afterAll, describe, expect, it } from "vitest";
import { deploy, loaded, loadFunctions } from "../serve/deployment.js";
import { startStandIns } from "../serve/stand-ins.js";
import type { endpoints as Endpoints } from "./http";

const standIns = await startStandIns("http://app.test");
const modules = await loadFunctions(standIns.env);
const { endpoints } = await loaded<{ endpoints: typeof Endpoints }>(modules, "http");
const { t } = await deploy(modules);

afterAll(() => standIns.close());

let asked = 0;
contractTests(
  endpoints as never,
  {
    fetch: async (request) => {
      // As Convex does it: the token says who is calling before the function runs.
      const known = request.headers.get("authorization") === "Bearer ada";
      const caller = known ? t.withIdentity({ subject: "ada" }) : t;
      const { pathname, search } = new URL(request.url);
      const body = ["GET", "HEAD"].includes(request.method) ? undefined : await request.arrayBuffer();
      // Each request from an address of its own: limits have tests of their own.
      return caller.withRequestMetadata({ ip: `10.0.${asked >> 8}.${asked++ & 255}` }).fetch(pathname + search, {
        method: request.method,
        headers: [...request.headers],
        ...(body !== undefined && { body }),
      });
    },
    credentials: {
      chat: { authorization: "Bearer ada" },
      "gmail-push": { authorization: `Bearer ${standIns.pubSub.token()}` },
      whatsapp: (body) => signedByMeta(body, standIns.env.WHATSAPP_APP_SECRET ?? ""),
    },
  },
  { describe, it, expect },
);
