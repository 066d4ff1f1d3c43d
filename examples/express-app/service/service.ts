import express, { type Express } from "express";
import { type Endpoint, KeelsonError, problemHeaders, toProblem } from "keelson";
import { mount } from "keelson/express";
import { assistant } from "./assistant.js";
import { chatEndpoint } from "./chat.js";
import { gmailEndpoint } from "./gmail.js";
import { createShopKit, type Environment, type ShopKit } from "./kit.js";
import { openRouter } from "./open-router.js";
import { opsEndpoints } from "./ops.js";
import { search } from "./search.js";
import { whatsAppEndpoints } from "./whatsapp.js";

/** The shopping assistant, not listening yet. */
export interface Service {
  readonly kit: ShopKit;
  readonly app: Express;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Puts the service together.
 *
 * @param ready whether it may be sent traffic
 * @throws {KnobError} naming every variable that can't be used
 */
export function createService(env: Environment, ready: () => boolean = () => true): Service {
  const kit = createShopKit(env);
  const answer = assistant(openRouter(kit), search(kit));
  const endpoints = [
    chatEndpoint(kit, answer),
    ...whatsAppEndpoints(kit, answer),
    gmailEndpoint(kit),
    ...opsEndpoints(kit, ready),
  ];
  const app = express().disable("x-powered-by");
  app.use(mount(...endpoints));
  app.use((_request, response) => {
    const error = new KeelsonError("not_found");
    response.writeHead(error.status, Object.fromEntries(problemHeaders(error))).end(JSON.stringify(toProblem(error)));
  });
  return { kit, app, endpoints };
}
