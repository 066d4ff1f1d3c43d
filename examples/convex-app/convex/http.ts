import { httpRouter } from "convex/server";
import { route } from "keelson/convex";
import { components } from "./_generated/api";
import { chat } from "./chatHttp";
import { gmailCallback } from "./integrations/gmail/oauth";
import { gmailPush } from "./integrations/gmail/push";
import { whatsAppVerification, whatsAppWebhook } from "./integrations/whatsappWebhook";
import { kit, storeOptions } from "./keel";
import { sendAlerts } from "./lib/alertQueue";

/** Every way in from outside by HTTP. */
export const endpoints = [chat, gmailPush, gmailCallback, whatsAppVerification, whatsAppWebhook];

const http = httpRouter();
route(http, { kit, component: components.keelson, endpoints, store: storeOptions, onEnd: sendAlerts });
export default http;
