/** Something of a server or a client that should be set otherwise. */
export class RedisAdvice extends Error {
  override readonly name = "RedisAdvice";
}

/** Tells a warning of the process, where there is such a thing; else on the console. */
export function warn(warning: Error): void {
  const { process } = globalThis as { readonly process?: { emitWarning?(warning: Error): void } };
  if (process?.emitWarning === undefined) console.warn(warning);
  else process.emitWarning(warning);
}
