import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.interval("cleanup-tool-cache", { hours: 1 }, internal.toolCache.cleanupExpired, {});
crons.interval("cleanup-tool-jobs", { hours: 1 }, internal.toolJobs.cleanupExpired, {});
// Nothing else looks whether error budgets burn: the alerts on them fire and are resolved by this.
crons.interval("judge-objectives", { minutes: 1 }, internal.ops.judgeObjectives, {});
// Jobs whose worker died, and those that wait for another attempt.
crons.interval("process-tool-jobs", { minutes: 1 }, internal.toolJobs.processQueue, {});
crons.interval("sweep-stream-sessions", { hours: 1 }, internal.streamSessions.sweep, {});
export default crons;
