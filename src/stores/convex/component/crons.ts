import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();
crons.interval("clean up what has expired", { minutes: 10 }, internal.cleanup.run, {});
export default crons;
