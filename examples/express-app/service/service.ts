import express, { type Express } from "express";
import { type CloseOptions, type Endpoint, KeelsonError, problemHeaders, toProblem } from "keelson";
import { mount } from "keelson/express";
import { operator } from "keelson/operator";
import { assistant } from "./assistant.js";
import { chatEndpoint } from "./chat.js";
import { digestEndpoints } from "./digests.js";
import { gmailEndpoint } from "./gmail.js";
import { createShopKit, type Environment, type ShopKit, trustProxy } from "./kit.js";
import { openRouter } from "./open-router.js";
import { operators, opsEndpoints } from "./ops.js";
import { search } from "./search.js";
import { stateOf } from "./state.js";
import { whatsAppEndpoints } from "./whatsapp.js";

/** The shopping assistant, not listening yet. */
export interface Service {
  readonly kit: ShopKit;
  readonly app: Express;
  readonly endpoints: readonly Endpoint[];
  /** Ends what runs, as the kit does, and then the connection to where state is kept. */
  close(options?: CloseOptions): Promise<boolean>;
}

/**
 * Puts the service together.
 *
 * @param ready whether it may be sent traffic
 * @throws {KnobError} naming every variable that can't be used
 */
export function createService(env: Environment, ready: () => boolean = () => true): Service {
  const state = stateOf(env);
  const kit = createShopKit(env, state.store);
  const find = search(kit);
  const answer = assistant(openRouter(kit), find);
  const endpoints = [
    chatEndpoint(kit, answer),
    ...whatsAppEndpoints(kit, answer),
    gmailEndpoint(kit),
    ...digestEndpoints(kit, find.products),
    ...opsEndpoints(kit, ready),
  ];
  const app = express().disable("x-powered-by");
  app.use(mount(...endpoints));
  app.use(
    "/operator",
    operator(kit, {
      auth: operators(kit.knobs.OPERATOR_TOKEN),
      login: "token",
      base: "/operator",
      trustProxy: trustProxy(kit),
    }),
  );
  app.use((_request, response) => {
    const error = new KeelsonError("not_found");
    response.writeHead(error.status, Object.fromEntries(problemHeaders(error))).end(JSON.stringify(toProblem(error)));
  });
  return {
    kit,
    app,
    endpoints,
    close: async (options) => {
      const inTime = await kit.close(options);
      state.close();
      return inTime;
    },
  };
}
