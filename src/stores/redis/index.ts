/** The entry point `keelson/redis`. */
export type { ScriptedStore } from "../scripted/scripted-store.js";
export type { AnyTwin, Twin } from "../scripted/twins/twin.js";
export type { IoRedisClient, NodeRedisClient, RedisClient } from "./clients.js";
export { type RedisStoreOptions, redisStore } from "./redis-store.js";
