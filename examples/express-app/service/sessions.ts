import { jwtVerify, SignJWT } from "jose";
import { KeelsonError } from "keelson";

/** Who is chatting. */
export interface User {
  readonly id: string;
}

const AUDIENCE = "shop-assistant";

/** The session token of a user, as the shop's login hands it out. */
export function sessionToken(secret: string, userId: string, lifetime = "1h"): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(keyOf(secret));
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

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
