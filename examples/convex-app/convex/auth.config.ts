/** Who issues the tokens of signed-in users: an OpenID Connect provider of yours. */
export default {
  providers: [{ domain: process.env.AUTH_ISSUER_URL ?? "https://auth.shop.example", applicationID: "shop-assistant" }],
};
