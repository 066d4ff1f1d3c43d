import { z } from "zod";

/** What Convex's validators can't say of the arguments of functions that deal with other companies. */
export const gmailConnection = z.object({
  owner: z.string().min(1).max(200),
  email: z.email().max(320),
  refreshToken: z.string().min(1).max(4096),
  scope: z.string().max(2048),
  historyId: z.string().regex(/^\d{1,20}$/),
});

/** How far back a full sync looks. */
export const fullSync = z.object({ days: z.number().int().min(1).max(90) });

/** A notice of Gmail's: which mailbox has changed, up to where. */
export const gmailNotice = z.object({
  emailAddress: z.email().max(320),
  historyId: z.string().regex(/^\d{1,20}$/),
});

/** One item of a WhatsApp webhook. */
export const whatsAppItem = z.object({
  phoneNumberId: z.string().regex(/^\d{1,20}$/),
  from: z.string().regex(/^\d{6,15}$/),
  text: z.string().max(4096),
});

export const title = z.string().trim().min(1).max(120);
export const messageText = z.string().trim().min(1).max(2000);
export const webLink = z.url({ protocol: /^https?$/ }).max(2048);
