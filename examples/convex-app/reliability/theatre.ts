import { deploy, loadFunctions } from "../serve/deployment.js";
import { listen, serve } from "../serve/server.js";
import { demoPhone, startStandIns } from "../serve/stand-ins.js";

/** Time-outs and limits that a game day gets through in seconds. The shape is that of the defaults. */
const QUICK: Readonly<Record<string, string>> = {
  OPENROUTER_TIMEOUT_MS: "2500ms",
  OPENROUTER_ATTEMPT_TIMEOUT_MS: "1s",
  SERPER_TIMEOUT_MS: "4s",
  SERPER_ATTEMPT_TIMEOUT_MS: "1500ms",
  BREAKER_MINIMUM_CALLS: "4",
  BREAKER_OPEN_MS: "1s",
  RATE_LIMIT_CLIENT_MAX: "6000",
  RATE_LIMIT_CHAT_MAX: "600",
  RATE_LIMIT_WEBHOOK_MAX: "100",
  TOOL_JOB_WAIT_MS: "2s",
  TOOL_JOB_QMAX_WEB: "4",
  TOOL_JOB_RUNMAX_WEB: "2",
};

/** The app with everything that it calls, all of it breakable, in this process: its environment is read once. */
export interface Theatre {
  readonly url: string;
  /** What experiments need to know. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Puts the app up on this machine: on a test double of a deployment, so that its speed says nothing. */
export async function openTheatre(): Promise<Theatre> {
  const { server, url } = await listen(0);
  const standIns = await startStandIns(url, { admin: true });
  const deployment = await deploy(await loadFunctions({ ...standIns.env, ...QUICK }));
  const served = serve(server, url, deployment, demoPhone(standIns, url));
  const stopCrons = await deployment.crons();
  const signIn = async (user: string) => {
    const response = await fetch(`${url}/demo/sign-in`, { method: "POST", body: JSON.stringify({ user }) });
    return ((await response.json()) as { readonly token: string }).token;
  };
  const { openRouter, serper, google } = standIns;
  return {
    url,
    env: {
      SERVICE_URL: url,
      SESSION_TOKEN: await signIn("ada"),
      OPERATOR_TOKEN: await signIn("olga"),
      WHATSAPP_APP_SECRET: standIns.env.WHATSAPP_APP_SECRET ?? "",
      WHATSAPP_VERIFY_TOKEN: standIns.env.WHATSAPP_VERIFY_TOKEN ?? "",
      OPENROUTER_ADMIN: openRouter.adminUrl ?? "",
      SERPER_ADMIN: serper.adminUrl ?? "",
      GOOGLE_ADMIN: google.upstream.adminUrl ?? "",
    },
    close: async () => {
      stopCrons();
      await served.close();
      await deployment.t.finishInProgressScheduledFunctions();
      await standIns.close();
    },
  };
}
