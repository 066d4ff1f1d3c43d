export type { MeasuredHost, Sink, SinkErrorListener, SinkStats } from "../../sinks/sink.js";
export { type IdGenerator, kitIds } from "./ids.js";
export { type OtelOptions, otel } from "./otel.js";
