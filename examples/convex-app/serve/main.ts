/** Serves the whole app on this machine: functions, routes, crons, the page, and stand-ins for all that it calls. */
import { deploy, loadFunctions } from "./deployment.js";
import { listen, serve } from "./server.js";
import { demoPhone, startStandIns } from "./stand-ins.js";

const { server, url } = await listen(Number(process.env.PORT ?? 8090));
const standIns = await startStandIns(url);
// On this machine all clients have one address.
const MOST = "60000";
const {
  RATE_LIMIT_CLIENT_MAX = MOST,
  RATE_LIMIT_WEBHOOK_MAX = MOST,
  RATE_LIMIT_AUTH_FAILURES_MAX = MOST,
} = process.env;
const deployment = await deploy(
  await loadFunctions({ ...standIns.env, RATE_LIMIT_CLIENT_MAX, RATE_LIMIT_WEBHOOK_MAX, RATE_LIMIT_AUTH_FAILURES_MAX }),
);
const served = serve(server, url, deployment, demoPhone(standIns, url));
const stopCrons = await deployment.crons();

const json = "-H 'content-type: application/json'";
const chat = `${url}/api/chat ${json} -H 'origin: ${url}'`;
const push = standIns.pubSub.push({ data: { emailAddress: standIns.google.email, historyId: 9_999 } });
console.log(`The shopping assistant is at ${url} (stand-ins for OpenRouter, Serper, Google, WhatsApp, Sentry)

Try:
  TOKEN=$(curl -s ${url}/demo/sign-in -d '{"user":"ada"}' | sed 's/.*"token":"//; s/".*//')
  curl -sN ${chat} -H "authorization: Bearer $TOKEN" -d '{"message":"a keel for my boat"}'
  curl -si ${chat} -d '{"message":"hello"}'    # nobody is signed in: 401
  curl -si ${chat} -X OPTIONS -H 'access-control-request-method: POST'
  curl -s ${url}/api/query ${json} -H "authorization: Bearer $TOKEN" -d '{"path":"threads:list","args":{}}'
  curl -s ${url}/api/mutation ${json} -H "authorization: Bearer $TOKEN" -d '{"path":"integrations/whatsapp:requestLinkCode","args":{}}'
  curl -si ${url}/api/gmail/push ${json} -H 'authorization: ${push.headers.authorization}' -d '${push.body}'
  curl -si '${url}/api/gmail/auth/callback?state=forged.state&code=4/x'    # 403
  curl -si '${url}/api/whatsapp/webhook?hub.mode=subscribe&hub.verify_token=${standIns.env.WHATSAPP_VERIFY_TOKEN}&hub.challenge=7'
  curl -si ${url}/api/whatsapp/webhook ${json} -d '{}'    # nobody has signed it: 401
  curl -s ${url}/demo/phone ${json} -d '{"text":"hello"}'
  OPERATOR=$(curl -s ${url}/demo/sign-in -d '{"user":"olga"}' | sed 's/.*"token":"//; s/".*//')
  curl -s ${url}/api/query ${json} -H "authorization: Bearer $OPERATOR" -d '{"path":"ops:getReliabilitySnapshot","args":{}}'
  curl -s ${url}/api/action ${json} -H "authorization: Bearer $OPERATOR" -d '{"path":"levers:pull","args":{"lever":"breaker.isolate","target":"upstream:serper","reason":"to try it","expiresIn":"1m"}}'

Ctrl-C ends it.`);

async function stop(): Promise<void> {
  stopCrons();
  await served.close();
  await standIns.close();
}
process.once("SIGINT", () => void stop().then(() => process.exit(0)));
process.once("SIGTERM", () => void stop().then(() => process.exit(0)));
