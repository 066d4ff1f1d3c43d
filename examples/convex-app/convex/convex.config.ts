import { defineApp } from "convex/server";
import keelson from "keelson/convex/convex.config";

const app = defineApp();
app.use(keelson);
export default app;
