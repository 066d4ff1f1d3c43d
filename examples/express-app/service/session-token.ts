import { SignJWT } from "jose";

/** Whom session tokens are for. */
export const AUDIENCE = "shop-assistant";

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

/** The key that session tokens are signed with. */
export function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
