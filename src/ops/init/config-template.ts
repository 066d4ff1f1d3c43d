/** `keelson.config.ts`, as `keelson init` writes it. */
export function configTemplate(service: string): string {
  return `import { defineConfig } from "keelson/ops";

// What the reliability commands know of this service. Relative paths start at this file's folder.
// Every setting: node_modules/keelson/schemas/config.schema.json
export default defineConfig({
  service: ${JSON.stringify(service)},

  // Where requests go. Every command takes another with --target.
  target: process.env.SERVICE_URL ?? "http://127.0.0.1:8080",

  // Where the service's snapshot is: an endpoint of yours that answers kit.snapshot(). On Convex instead:
  //   snapshot: { convex: { query: "ops:getReliabilitySnapshot", token: process.env.OPERATOR_TOKEN } },
  snapshot: {
    url: "/ops/snapshot",
    headers: { authorization: \`Bearer \${process.env.OPERATOR_TOKEN}\` },
  },

  // Where keelson operate finds the levers: what operator() of keelson/operator is mounted at.
  // operator: { url: "/operator", headers: { authorization: \`Bearer \${process.env.OPERATOR_TOKEN}\` } },

  // Probes from what your endpoints declare: auth guard, preflight, method, content type, size, malformed JSON.
  derivedProbes: {},

  // Probes by hand: steps, one after the other. What is extracted can be used by the steps after it as {{name}}.
  probes: [
    {
      id: "alive",
      steps: [{ request: { path: "/healthz" }, expect: { status: 200, within: "500ms" } }],
    },
    // {
    //   id: "login-then-chat",
    //   steps: [
    //     { request: { method: "POST", path: "/login", body: { user: "probe", password: "{{env.PROBE_PASSWORD}}" } },
    //       extract: { token: "$.token" } },
    //     { request: { method: "POST", path: "/api/chat", headers: { authorization: "Bearer {{token}}" }, body: { message: "hello" } },
    //       expect: { status: 200, json: { "$.answer": { exists: true } }, within: "2s" } },
    //   ],
    // },
  ],

  // What a drill sends. Each scenario arrives as often as its weight says against the others'.
  scenarios: {
    health: { request: { path: "/healthz" }, expect: { status: 200 } },
    // chat: {
    //   request: { method: "POST", path: "/api/chat" },
    //   payload: ({ index, random }) => ({ body: { message: \`question \${index} \${random()}\` } }),
    //   allow4xx: [429],
    //   weight: 4,
    // },
  },

  // Secrets in the environment are taken out of everything that is written, by their names (…_TOKEN, …_SECRET, …_KEY).
  // Others are named here:
  secrets: [],
});
`;
}
