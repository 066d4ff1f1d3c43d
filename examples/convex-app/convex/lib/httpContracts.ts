import { z } from "zod";

/** `POST /api/chat` */
export const chatTurn = z.object({
  message: z.string().trim().min(1).max(2000),
  thread: z.string().min(1).max(64).optional(),
});

/** `POST /api/gmail/push`: Pub/Sub's envelope. */
export const pubSubEnvelope = z.looseObject({
  message: z.looseObject({ messageId: z.string().min(1).max(256) }),
  subscription: z.string().max(512),
});
/** What Gmail puts into it; `historyId` is a number there. */
export const gmailNotice = z.object({ emailAddress: z.email(), historyId: z.coerce.string().regex(/^\d{1,20}$/) });

/** `GET /api/gmail/auth/callback`: either a code, or why there is none. */
export const oauthCallback = z.union([
  z.looseObject({ state: z.string().min(1).max(1024), code: z.string().min(1).max(1024) }),
  z.looseObject({ state: z.string().min(1).max(1024), error: z.string().min(1).max(256) }),
]);

/** `GET /api/whatsapp/webhook` */
export const hubChallenge = z.object({
  "hub.mode": z.string(),
  "hub.verify_token": z.string(),
  "hub.challenge": z.string().max(256),
});

/** `POST /api/whatsapp/webhook`: the frame only, so that one odd message doesn't hold up the others. */
export const whatsAppPayload = z.looseObject({
  object: z.literal("whatsapp_business_account"),
  entry: z.array(z.unknown()).max(100),
});
