import { errors, type JWTPayload, jwtVerify } from "jose";
import { type Clock, systemClock } from "../../core/clock.js";
import { ConfigError, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { isKeelsonError, KeelsonError } from "../../core/errors.js";
import { RemoteKeys, type RemoteKeysOptions } from "./remote-keys.js";

/** Who a token was made for. */
export interface OidcPrincipal {
  /** The token's subject: unique at its issuer. */
  readonly id: string;
  readonly issuer: string;
  /** Only where the issuer has verified it. */
  readonly email: string | undefined;
  readonly claims: Readonly<JWTPayload>;
}

/** Options of {@link oidcBearer}. */
export interface OidcBearerOptions<P = OidcPrincipal> extends RemoteKeysOptions {
  /** Who may have issued the token. */
  readonly issuer: string | readonly string[];
  /** For whom it must have been issued: this service. */
  readonly audience: string | readonly string[];
  /** Default `["RS256", "ES256"]`. Symmetric ones make no sense here. */
  readonly algorithms?: readonly ("RS256" | "RS384" | "RS512" | "PS256" | "ES256" | "ES384" | "ES512" | "EdDSA")[];
  /** By how much clocks may differ. Default `"30s"`. */
  readonly clockTolerance?: Duration;
  /** Makes the principal; `null` where this one is not allowed in: `forbidden`. Default: the {@link OidcPrincipal}. */
  readonly principal?: (principal: OidcPrincipal) => P | null;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** What is read of a call: any endpoint's `auth` gets it. */
export interface BearerEntry {
  readonly header: (name: string) => string | null;
}

/** Longer ones are not looked at: verifying costs. */
const LONGEST_TOKEN = 16_384;

const OPTIONS = ["issuer", "audience", "algorithms", "clockTolerance", "principal", "clock"];
const KEY_OPTIONS = ["jwksUrl", "maxAge", "cooldown", "timeout", "fetch"];

/**
 * Auth by an OpenID Connect ID token, or another JWT, in `Authorization: Bearer …`: signature by a key of the
 * issuer's JWKS, issuer, audience and times are checked. Nobody gets in who is not sure to be let in.
 *
 * @returns for an endpoint's `auth`. Throws `unauthenticated` when there is no token or a bad one, `forbidden` when
 * `principal` says so, `unavailable` (503) while the issuer's keys can't be had.
 */
export function oidcBearer<P = OidcPrincipal>(options: OidcBearerOptions<P>): (entry: BearerEntry) => Promise<P> {
  const where = "oidcBearer";
  onlyKnown(options, where, [...OPTIONS, ...KEY_OPTIONS]);
  const clock = options.clock ?? systemClock;
  const keys = new RemoteKeys(options, clock, where);
  const { principal = (checked: OidcPrincipal) => checked as P } = options;
  const verification = {
    issuer: texts(options.issuer, `${where}.issuer`),
    audience: texts(options.audience, `${where}.audience`),
    algorithms: texts(options.algorithms ?? ["RS256", "ES256"], `${where}.algorithms`),
    clockTolerance: milliseconds(options.clockTolerance ?? "30s", `${where}.clockTolerance`) / 1000,
    requiredClaims: ["sub", "exp"],
  };
  if (verification.algorithms.some((algorithm) => !/^(?:[RPE]S\d{3}|EdDSA)$/.test(algorithm)))
    throw new ConfigError(`${where}.algorithms`, options.algorithms, "asymmetric algorithms");
  return async function oidc(entry) {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(entry.header("authorization") ?? "")?.[1];
    if (token === undefined) throw unauthenticated("A bearer token is required", "Bearer");
    if (token.length > LONGEST_TOKEN) throw unauthenticated("The token is not valid");
    let claims: JWTPayload;
    try {
      const currentDate = new Date(clock.wall());
      ({ payload: claims } = await jwtVerify(token, keys.find, { ...verification, currentDate }));
    } catch (cause) {
      if (isKeelsonError(cause)) throw cause;
      const detail = cause instanceof errors.JWTExpired ? "The token has expired" : "The token is not valid";
      throw unauthenticated(detail, undefined, cause);
    }
    const { sub = "", iss = "", email, email_verified } = claims;
    const verified = typeof email === "string" && email_verified === true ? email : undefined;
    const found = principal({ id: sub, issuer: iss, email: verified, claims });
    if (found === null) throw new KeelsonError("forbidden", `${sub} is not allowed in`, { source: "oidc" });
    return found;
  };
}

function unauthenticated(detail: string, challenge = 'Bearer error="invalid_token"', cause?: unknown): KeelsonError {
  return new KeelsonError("unauthenticated", detail, {
    detail,
    headers: { "www-authenticate": challenge },
    source: "oidc",
    ...(cause !== undefined && { cause }),
  });
}

/** One text or a list of them, none of them empty. */
export function texts(value: string | readonly string[], option: string): string[] {
  const list = typeof value === "string" ? [value] : value;
  if (Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === "string" && item !== ""))
    return [...list];
  throw new ConfigError(option, value, "a text, or a list of at least one");
}
