import { createLocalJWKSet, errors, type JWTVerifyGetKey, type LocalJWKSet } from "jose";
import type { Clock } from "../../core/clock.js";
import { ConfigError } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";

/** How the signing keys of an issuer are fetched and kept. */
export interface RemoteKeysOptions {
  /** Where the issuer publishes its keys (JWKS, RFC 7517). Must be https, except on loopback. */
  readonly jwksUrl: string | URL;
  /** How long fetched keys are used. Default `"10m"`. */
  readonly maxAge?: Duration;
  /**
   * A token with an unknown key makes the keys be fetched again (the issuer may have new ones), but not sooner than
   * this after the last time: anyone can send such tokens. Default `"30s"`.
   */
  readonly cooldown?: Duration;
  /** How long one fetch may take. Default `"5s"`. */
  readonly timeout?: Duration;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** After a failed fetch, how long all calls are answered with that failure: an issuer in trouble is left in peace. */
const FAILURE_PAUSE_MS = 5_000;

/**
 * The keys of one issuer, fetched when they are first needed and again when they are old. While they can't be had,
 * nobody is let in: `unavailable`.
 *
 * jose's own `createRemoteJWKSet` reads the machine's clock and tries again with every call after a failure.
 */
export class RemoteKeys {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #fetch: typeof fetch;
  readonly #maxAge: number;
  readonly #cooldown: number;
  readonly #timeout: number;
  #keys: LocalJWKSet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #pending: Promise<LocalJWKSet> | undefined;

  constructor(options: RemoteKeysOptions, clock: Clock, where: string) {
    this.#url = secureUrl(options.jwksUrl, `${where}.jwksUrl`);
    this.#maxAge = milliseconds(options.maxAge ?? "10m", `${where}.maxAge`, 1);
    this.#cooldown = milliseconds(options.cooldown ?? "30s", `${where}.cooldown`, 1);
    this.#timeout = milliseconds(options.timeout ?? "5s", `${where}.timeout`, 1);
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#clock = clock;
  }

  /** Finds the key that a token names. As jose wants it. */
  readonly find: JWTVerifyGetKey<CryptoKey> = async (header, token) => {
    const fresh = this.#keys !== undefined && this.#age() < this.#maxAge ? this.#keys : undefined;
    const keys = fresh ?? (await this.#load());
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#age() < this.#cooldown) throw error;
      return (await this.#load())(header, token);
    }
  };

  #age(): number {
    return this.#clock.monotonic() - this.#fetchedAt;
  }

  /** One fetch at a time, for everybody who waits. */
  #load(): Promise<LocalJWKSet> {
    if (this.#pending !== undefined) return this.#pending;
    const pause = this.#failedAt + FAILURE_PAUSE_MS - this.#clock.monotonic();
    if (pause > 0) return Promise.reject(this.#unavailable(pause));
    this.#pending = this.#download()
      .then(
        (keys) => {
          this.#keys = keys;
          this.#fetchedAt = this.#clock.monotonic();
          return keys;
        },
        (error: unknown) => {
          this.#failure = error;
          this.#failedAt = this.#clock.monotonic();
          throw this.#unavailable(FAILURE_PAUSE_MS);
        },
      )
      .finally(() => {
        this.#pending = undefined;
      });
    return this.#pending;
  }

  async #download(): Promise<LocalJWKSet> {
    const controller = new AbortController();
    const alarm = this.#clock.alarm(
      this.#timeout,
      () => controller.abort(new KeelsonError("upstream_timeout", `${this.#url} did not answer in time`)),
      "held",
    );
    try {
      const response = await this.#fetch(this.#url, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: controller.signal,
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new KeelsonError("upstream_bad_status", `${this.#url} answered with ${response.status}`);
      }
      return createLocalJWKSet((await response.json()) as Parameters<typeof createLocalJWKSet>[0]);
    } finally {
      alarm.cancel();
    }
  }

  #unavailable(retryAfterMs: number): KeelsonError {
    return new KeelsonError("unavailable", `The signing keys at ${this.#url} can't be had`, {
      cause: this.#failure,
      retryAfterMs,
      source: "oidc",
    });
  }
}

function secureUrl(value: unknown, option: string): string {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined;
  const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url?.hostname ?? "");
  if (url?.protocol === "https:" || (url?.protocol === "http:" && loopback)) return url.href;
  throw new ConfigError(option, value, "an https URL");
}
