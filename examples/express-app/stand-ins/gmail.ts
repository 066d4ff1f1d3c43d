import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "keelson/testing";

/** A stand-in for Gmail's `GET /gmail/v1/users/{address}/history?startHistoryId=`. */
export function gmailStandIn(options: Omit<FaultyUpstreamOptions, "handler"> = {}): Promise<FaultyUpstream> {
  let historyId = 1000;
  return faultyUpstream({
    ...options,
    handler: ({ url }) => {
      const since = new URL(url).searchParams.get("startHistoryId");
      if (since === null || !/^\d+$/.test(since)) return new Response(null, { status: 400 });
      return Response.json({ history: [], historyId: String(++historyId) });
    },
  });
}
