/** Serves the whole app on this machine: functions, routes, crons, the page, and stand-ins for all that it calls. */
import { deploy, loadFunctions } from "./deployment.js";
import { listen, serve } from "./server.js";
import { startStandIns } from "./stand-ins.js";

const { server, url } = await listen(Number(process.env.PORT ?? 8090));
const standIns = await startStandIns(url);
const deployment = await deploy(await loadFunctions(standIns.env));
const served = serve(server, url, deployment);
const stopCrons = await deployment.crons();

const push = standIns.pubSub.push({ data: { emailAddress: standIns.google.email, historyId: 9_999 } });
console.log(`The shopping assistant is at ${url} (stand-ins for OpenRouter, Serper, Google, WhatsApp, Sentry)

Try:
  TOKEN=$(curl -s ${url}/demo/sign-in -d '{"user":"ada"}' | sed 's/.*"token":"//; s/".*//')
  curl -N ${url}/api/chat -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -H 'origin: ${url}' \\
    -d '{"message":"a keel for my boat"}'
  curl -i ${url}/api/chat -H 'content-type: application/json' -H 'origin: ${url}' -d '{"message":"hello"}'    # 401
  curl -i '${url}/api/whatsapp/webhook?hub.mode=subscribe&hub.verify_token=${standIns.env.WHATSAPP_VERIFY_TOKEN}&hub.challenge=7'
  curl -i ${url}/api/gmail/push -H 'content-type: application/json' -H 'authorization: ${push.headers.authorization}' -d '${push.body}'
  curl -s ${url}/api/query -H "authorization: Bearer $TOKEN" -d '{"path":"threads:list"}'

Ctrl-C ends it.`);

async function stop(): Promise<void> {
  stopCrons();
  await served.close();
  await standIns.close();
}
process.once("SIGINT", () => void stop().then(() => process.exit(0)));
process.once("SIGTERM", () => void stop().then(() => process.exit(0)));
