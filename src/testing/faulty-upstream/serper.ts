import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "./faulty-upstream.js";

/** A result of a search. */
export interface SerperHit {
  readonly title: string;
  readonly link: string;
  readonly snippet: string;
}

/** Options of {@link serperStandIn}. */
export interface SerperStandInOptions extends Omit<FaultyUpstreamOptions, "handler" | "errorBody"> {
  /** What is found. Default: three pages that have the query in their titles. */
  readonly hits?: (query: string) => readonly SerperHit[];
  /** The key that clients have to send. Default: any. */
  readonly apiKey?: string;
}

/**
 * A stand-in for Serper's Google search: `POST {url}/search` and `POST {url}/shopping` with `X-API-KEY`, in its wire
 * format (https://serper.dev). It fails on demand, see {@link faultyUpstream}.
 */
export function serperStandIn(options: SerperStandInOptions = {}): Promise<FaultyUpstream> {
  const { hits = threePages, apiKey, ...rest } = options;
  return faultyUpstream({
    ...rest,
    errorBody: (statusCode) => ({
      message: statusCode === 429 ? "Too many requests" : "Internal server error",
      statusCode,
    }),
    handler: async (request) => {
      const key = request.headers.get("x-api-key");
      if (key === null || (apiKey !== undefined && key !== apiKey)) return refusal(403, "Unauthorized.");
      const type = new URL(request.url).pathname.slice(1);
      if (request.method !== "POST" || (type !== "search" && type !== "shopping")) return refusal(404, "Not found");
      const asked = await readQuery(request);
      if (asked === undefined) return refusal(400, "Missing query parameter");
      const found = hits(asked.q).slice(0, asked.num ?? 10);
      return Response.json({
        searchParameters: { ...asked, type, engine: "google" },
        ...(type === "search" ? { organic: found.map(organic) } : { shopping: found.map(product) }),
        credits: type === "search" ? 1 : 2,
      });
    },
  });
}

interface SerperQuery {
  readonly q: string;
  readonly num?: number;
}

async function readQuery(request: Request): Promise<SerperQuery | undefined> {
  try {
    const asked = (await request.json()) as Partial<SerperQuery> | null;
    return typeof asked?.q === "string" && asked.q !== "" ? { ...asked, q: asked.q } : undefined;
  } catch {
    return undefined;
  }
}

function refusal(statusCode: number, message: string): Response {
  return Response.json({ message, statusCode }, { status: statusCode });
}

function organic({ title, link, snippet }: SerperHit, index: number) {
  return { title, link, snippet, position: index + 1 };
}

function product({ title, link }: SerperHit, index: number) {
  const source = new URL(link).hostname;
  return { title, source, link, price: `$${(index + 1) * 20}.00`, rating: 4.5, ratingCount: 120, position: index + 1 };
}

function threePages(query: string): SerperHit[] {
  return ["buyer's guide", "tested and compared", "on sale"].map((what, index) => ({
    title: `${query}: ${what}`,
    link: `https://shop${index + 1}.example/${encodeURIComponent(query)}`,
    snippet: `All there is to know about ${query}.`,
  }));
}
