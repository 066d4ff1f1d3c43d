/**
 * What the service and those who check it share while it runs on this machine with stand-ins. Nothing here is a secret:
 * a service that anybody else can reach is given other values by its environment.
 */
export const local = {
  SESSION_SECRET: "for-this-machine-alone-session-secret",
  OPERATOR_TOKEN: "for-this-machine-alone-operator",
  WHATSAPP_APP_SECRET: "for-this-machine-alone-app-secret",
  WHATSAPP_VERIFY_TOKEN: "for-this-machine-alone-verify",
  /** Drills play many clients, each with an address of its own in X-Forwarded-For. */
  TRUST_PROXY_HOPS: "1",
} as const;

/** One of those values: the environment's, where it has one. */
export function localOr(name: keyof typeof local): string {
  return process.env[name] ?? local[name];
}
