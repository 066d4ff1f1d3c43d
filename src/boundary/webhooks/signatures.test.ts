import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { hmacSignature } from "./hmac-signature.js";
import { metaSignature } from "./meta.js";
import { standardWebhooks } from "./standard-webhooks.js";
import type { Signed, WebhookVerifier } from "./verifier.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The HMAC as any sender would make it, apart from the code under test. */
async function hmac(
  secret: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
  hash = "SHA-256",
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

const now = Date.UTC(2026, 0, 1);
const signed = (headers: Record<string, string>, body: Uint8Array | string, at = now): Signed => ({
  header: (name) => headers[name] ?? null,
  body: typeof body === "string" ? utf8(body) : body,
  now: at,
});
const refusal = (verifier: WebhookVerifier, input: Signed) =>
  verifier.verify(input).then(
    () => "accepted",
    (error: { code: string; detail: string }) => `${error.code}: ${error.detail}`,
  );
const WRONG = "unauthenticated: The webhook's signature is not valid";

describe("standardWebhooks", () => {
  const old = utf8("an old secret, 24 bytes.");
  const fresh = utf8("a fresh secret, 24 bytes");
  const verifier = standardWebhooks({ secrets: [`whsec_${base64(fresh)}`, old] });
  const body = '{"type":"order.paid","n":"ä"}';

  async function message(secret = fresh, o: { id?: string; at?: string; body?: string; versions?: string } = {}) {
    const { id = "msg_1", at = String(now / 1000), body: text = body } = o;
    const signature = base64(await hmac(secret, utf8(`${id}.${at}.${text}`)));
    return { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${signature}` };
  }

  it("reproduces the example of the specification's reference library", async () => {
    const reference = standardWebhooks({ secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] });
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    await expect(reference.verify(signed(headers, '{"test": 2432232314}', 1_614_265_330_000))).resolves.toEqual({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: 1_614_265_330_000,
    });
  });

  it("accepts what any of its secrets signed, and says id and time", async () => {
    for (const secret of [fresh, old])
      expect(await verifier.verify(signed(await message(secret), body))).toEqual({ id: "msg_1", timestamp: now });
    expect(await refusal(verifier, signed(await message(utf8("another secret")), body))).toBe(WRONG);
  });

  it("accepts one good signature among several, and none of another version", async () => {
    const headers = await message();
    const good = headers["webhook-signature"];
    const among = `v1a,${"A".repeat(88)} v1,${base64(new Uint8Array(32))} ${good}`;
    expect(await refusal(verifier, signed({ ...headers, "webhook-signature": among }, body))).toBe("accepted");
    for (const none of [good.replace("v1,", "v2,"), good.slice(3), "", "v1,", "v1,%%%"])
      expect(await refusal(verifier, signed({ ...headers, "webhook-signature": none }, body))).toBe(WRONG);
  });

  it("does not look at more signatures than a rotation needs", async () => {
    const headers = await message();
    const many = `${`v1,${base64(new Uint8Array(32))} `.repeat(10)}${headers["webhook-signature"]}`;
    expect(await refusal(verifier, signed({ ...headers, "webhook-signature": many }, body))).toBe(WRONG);
  });

  it("holds the time to its tolerance, both ways", async () => {
    const at = (ms: number) =>
      message(fresh, { at: String((now + ms) / 1000) }).then((h) => refusal(verifier, signed(h, body)));
    expect(await at(-300_000)).toBe("accepted");
    expect(await at(300_000)).toBe("accepted");
    expect(await at(-301_000)).toBe("unauthenticated: The webhook's timestamp is too old");
    expect(await at(301_000)).toBe("unauthenticated: The webhook's timestamp is in the future");
    const strict = standardWebhooks({ secrets: [fresh], tolerance: "10s" });
    const headers = await message(fresh, { at: String(now / 1000 - 11) });
    expect(await refusal(strict, signed(headers, body))).toMatch(/too old/);
  });

  it.each([
    "",
    " 1767225600",
    "1767225600 ",
    "1767225600.0",
    "1.7672256e9",
    "0x6955a900",
    "+1767225600",
    "-5",
    "NaN",
    "9".repeat(13),
  ])("refuses the timestamp %j although it is signed", async (at) => {
    expect(await refusal(verifier, signed(await message(fresh, { at }), body))).toMatch(/missing or malformed/);
  });

  it("refuses an id that would let one signed text be read as another", async () => {
    const inner = `${now / 1000}.{}`;
    const headers = await message(fresh, { id: "a", body: inner });
    const shifted = { ...headers, "webhook-id": `a.${now / 1000}` };
    expect(await refusal(verifier, signed(headers, inner))).toBe("accepted");
    expect(await refusal(verifier, signed(shifted, "{}"))).toBe("unauthenticated: The webhook's id is malformed");
  });

  it("asks for all three headers", async () => {
    const headers = await message();
    for (const name of Object.keys(headers)) {
      const { [name as keyof typeof headers]: _, ...rest } = headers;
      expect(await refusal(verifier, signed(rest, body))).toMatch(/are required$/);
    }
  });

  it("refuses whatever was changed in body, id, time or signature", async () => {
    const headers = await message();
    const bytes = utf8(body);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom("body", "cut", "grow", "id", "at", "signature"),
        async (at, flip, what) => {
          const changed = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ flip : byte));
          const forged = { ...headers };
          let sent: Uint8Array = bytes;
          if (what === "body") sent = changed;
          else if (what === "cut") sent = bytes.subarray(0, at);
          else if (what === "grow") sent = Uint8Array.of(...bytes, flip);
          else if (what === "id") forged["webhook-id"] += flip;
          else if (what === "at") forged["webhook-timestamp"] = String(now / 1000 - (flip % 200) - 1);
          else {
            const mac = Uint8Array.from(atob(headers["webhook-signature"].slice(3)), (char) => char.charCodeAt(0));
            mac[at % 32] = (mac[at % 32] as number) ^ flip;
            forged["webhook-signature"] = `v1,${base64(mac)}`;
          }
          expect(await refusal(verifier, signed(forged, sent))).toBe(WRONG);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    [{ secrets: [] }, "standardWebhooks.secrets: got []; allowed: a list of at least one secret"],
    [{ secrets: [""] }, 'standardWebhooks.secrets[0]: got ""'],
    [{ secrets: ["whsec_not base64!"] }, 'standardWebhooks.secrets[0]: got "(hidden)"; allowed: whsec_ and base64'],
    [{ secrets: undefined }, "standardWebhooks.secrets"],
    [{ secrets: [old], tolerance: "0s" }, "standardWebhooks.tolerance"],
    [{ secrets: [old], tolerence: "5m" }, "standardWebhooks.tolerence"],
  ])("refuses the options %o", (options, message) => {
    expect(() => standardWebhooks(options as never)).toThrow(ConfigError);
    expect(() => standardWebhooks(options as never)).toThrow(message);
  });
});

describe("metaSignature", () => {
  const verifier = metaSignature({ secrets: ["new app secret", "app secret"] });
  const body = '{"object":"whatsapp_business_account"}';
  const sign = async (secret: string, text = body) => ({
    "x-hub-signature-256": `sha256=${hex(await hmac(utf8(secret), utf8(text)))}`,
  });

  it("accepts what any of its secrets signed", async () => {
    for (const secret of ["app secret", "new app secret"])
      expect(await refusal(verifier, signed(await sign(secret), body))).toBe("accepted");
    expect(await refusal(verifier, signed(await sign("third secret"), body))).toBe(WRONG);
    expect(await refusal(verifier, signed(await sign("app secret"), `${body} `))).toBe(WRONG);
  });

  it("refuses a header that is missing, of another algorithm, cut or no hex", async () => {
    const good = (await sign("app secret"))["x-hub-signature-256"];
    const as = (value: string) => refusal(verifier, signed({ "x-hub-signature-256": value }, body));
    expect(await refusal(verifier, signed({}, body))).toBe(
      "unauthenticated: The webhook's header x-hub-signature-256 is required",
    );
    expect(await as(good.replace("sha256", "sha1"))).toMatch(/malformed/);
    expect(await as(good.slice(0, -1))).toMatch(/malformed/);
    expect(await as(`${good.slice(0, -1)}g`)).toMatch(/malformed/);
    expect(await as(good.slice(0, -2))).toBe(WRONG);
    expect(await as("sha256=")).toBe(WRONG);
    expect(await as(good.toUpperCase().replace("SHA256", "sha256"))).toBe("accepted");
  });

  it("reads a body that is a view into a larger buffer", async () => {
    const large = utf8(`noise${body}noise`);
    expect(await refusal(verifier, signed(await sign("app secret"), large.subarray(5, 5 + body.length)))).toBe(
      "accepted",
    );
  });
});

describe("hmacSignature", () => {
  it("verifies other algorithms, encodings and a signed timestamp", async () => {
    const verifier = hmacSignature({
      header: "X-Signature",
      algorithm: "sha512",
      encoding: "base64",
      prefix: "v0=",
      secrets: ["s"],
      timestamp: { header: "X-Time", tolerance: "1m", separator: ":" },
    });
    const at = String(now / 1000);
    const mac = base64(await hmac(utf8("s"), utf8(`${at}:body`), "SHA-512"));
    const headers = { "x-signature": `v0=${mac}`, "x-time": at };
    expect(verifier.name).toBe("hmac:x-signature");
    await expect(verifier.verify(signed(headers, "body"))).resolves.toEqual({ timestamp: now });
    expect(await refusal(verifier, signed({ ...headers, "x-time": String(now / 1000 - 1) }, "body"))).toBe(WRONG);
    expect(await refusal(verifier, signed(headers, "body", now + 61_000))).toMatch(/too old/);
    expect(await refusal(verifier, signed({ "x-signature": headers["x-signature"] }, "body"))).toMatch(
      /timestamp is missing/,
    );
  });

  it.each([
    [{ header: "bad header" }, "hmacSignature.header"],
    [{ algorithm: "md5" }, 'hmacSignature.algorithm: got "md5"; allowed: "sha256" | "sha384" | "sha512"'],
    [{ encoding: "base32" }, "hmacSignature.encoding"],
    [{ secrets: [] }, "hmacSignature.secrets"],
  ])("refuses the options %o", (wrong, message) => {
    const make = () => hmacSignature({ header: "x-signature", secrets: ["s"], ...wrong } as never);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});
