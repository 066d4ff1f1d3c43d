/** A webhook as its sender would send it: for `fetch(url, { method: "POST", ...webhook })`. */
export interface SignedWebhook {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}
