/** What the app and those who check it share while it runs on this machine with stand-ins: nothing that is secret. */
export const local = {
  WHATSAPP_APP_SECRET: "for-this-machine-alone-app-secret",
  WHATSAPP_VERIFY_TOKEN: "for-this-machine-alone-verify",
} as const;
