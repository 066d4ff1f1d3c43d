import { randomUUID } from "node:crypto";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "keelson/testing";

/** A stand-in for the Cloud API's `POST /{version}/{phone-number-id}/messages`. */
export function whatsAppStandIn(options: Omit<FaultyUpstreamOptions, "handler"> = {}): Promise<FaultyUpstream> {
  return faultyUpstream({
    ...options,
    handler: async (request) => {
      const { to } = (await request.json()) as { to: string };
      return Response.json({
        messaging_product: "whatsapp",
        contacts: [{ input: to, wa_id: to }],
        messages: [{ id: `wamid.${randomUUID()}` }],
      });
    },
  });
}
