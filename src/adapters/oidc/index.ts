export { type GooglePubSubPushOptions, googlePubSubPush, type PubSubPusher } from "./google-pubsub-push.js";
export { type BearerEntry, type OidcBearerOptions, type OidcPrincipal, oidcBearer } from "./oidc-bearer.js";
