const HIDDEN = "[redacted]";
/** Words of a name that say that its value is nobody's business: those of `SESSION_SECRET`, `set-cookie`, `accessToken`. */
const SECRET_WORDS = /^(?:authorization|cookie|token|secret|password|passwd|signature|credentials?|apikey|dsn)s?$/;
const KEY_OF = /^(?:api|access|private|signing|auth|secret)$/;

/** Takes secrets out of what is written down. */
export class Redactor {
  readonly #values: readonly string[];

  /** @param secrets values that must not appear anywhere, whatever they are called. Shorter ones than 6 are no secrets */
  constructor(secrets: Iterable<string | undefined>) {
    this.#values = [
      ...new Set([...secrets].filter((value): value is string => value !== undefined && value.length >= 6)),
    ].sort((a, b) => b.length - a.length);
  }

  /** Takes out secrets by value, and credentials in addresses. */
  text(text: string): string {
    return this.#values
      .reduce((soFar, secret) => soFar.replaceAll(secret, HIDDEN), text)
      .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`)
      .replace(/(:\/\/)[^/\s:@]*:[^/\s@]+@/g, `$1${HIDDEN}@`);
  }

  /** A copy of plain data without secrets, by name and by value. */
  data<T>(value: T): T {
    return this.#walk(value) as T;
  }

  #walk(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        typeof item === "string" && isSecretName(key) ? HIDDEN : this.#walk(item),
      ]),
    );
  }
}

/** Values of an environment's variables that look like secrets by their names. */
export function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value !== undefined && isSecretName(name) ? [value] : []));
}

/** Whether a variable, header or field of that name holds a secret. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word, at) => SECRET_WORDS.test(word) || (word === "key" && KEY_OF.test(words[at - 1] ?? "")));
}
