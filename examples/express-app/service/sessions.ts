import { jwtVerify } from "jose";
import { KeelsonError } from "keelson";
import { AUDIENCE, keyOf } from "./session-token.js";

/** Who is chatting. */
export interface User {
  readonly id: string;
}

/** Auth by a session token. What jose throws about a token is a 401. */
export function sessions(secret: string) {
  const key = keyOf(secret);
  return async function session({ header }: { header(name: string): string | null }): Promise<User> {
    const token = /^Bearer (\S+)$/.exec(header("authorization") ?? "")?.[1];
    if (token === undefined) throw new KeelsonError("unauthenticated");
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      requiredClaims: ["sub", "exp"],
    });
    return { id: payload.sub as string };
  };
}
