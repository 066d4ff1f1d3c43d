/** The entry point `keelson/upstash`. */
export type { ScriptedStore } from "../scripted/scripted-store.js";
export type { AnyTwin, Twin } from "../scripted/twins/twin.js";
export { type UpstashClient, type UpstashStoreOptions, upstashStore } from "./upstash-store.js";
