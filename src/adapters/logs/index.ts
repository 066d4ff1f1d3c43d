export type { Sink, SinkErrorListener, SinkHost, SinkStats } from "../../sinks/sink.js";
export { type LogFields, type Logger, type LogsOptions, logs } from "./logs.js";
