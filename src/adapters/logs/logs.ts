import { fraction, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { EventMap } from "../../core/events.js";
import { Floodgate } from "../../sinks/floodgate.js";
import { feedNotices } from "../../sinks/notice-feed.js";
import { type Notice, type NoticeLevel, noticeOf } from "../../sinks/notices.js";
import { Outbox } from "../../sinks/outbox.js";
import { errorReport, Listening, type Sink, type SinkErrorListener, type SinkHost } from "../../sinks/sink.js";

/** What a line carries beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where lines go: pino, or anything that takes an object and a message. */
export interface Logger {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Options of {@link logs}. */
export interface LogsOptions {
  /** The share of requests that get a line although all is well with them: every hundredth at 0.01. Default 0. */
  readonly requests?: number;
  /** So many lines of one kind and name in `every`; the others are counted in the next one's `suppressed`. Default 10. */
  readonly burst?: number;
  /** See `burst`. Default `"10s"`. */
  readonly every?: Duration;
  /** Gets what the logger throws. Default: the first goes to `console.error`. */
  readonly onError?: SinkErrorListener;
}

interface Line {
  readonly level: NoticeLevel;
  readonly fields: LogFields;
  readonly message: string;
}

const WAITING = 1_000;
const EVERY_MS = 100;
const TIMEOUT_MS = 2_000;
/** Lines of all kinds in a minute. */
const PER_MINUTE = 600;
const MAX_KEYS = 500;

/**
 * Logs what happens to a kit as structured lines: transitions of breakers, failures of stores, internal errors, dead
 * jobs, changed knobs, and a share of the requests. Lines have `event`, `service` and `subject` (the definition's name),
 * what the event tells, `traceId` and `err` where there are any, and no keys, for these name users. They are written a
 * tenth of a second later, so that a slow logger holds up no request; a thousand may wait.
 *
 * @example
 * logs(kit, pino());
 *
 * @throws {ConfigError} on a wrong option
 */
export function logs(kit: SinkHost, logger: Logger, options: LogsOptions = {}): Sink {
  onlyKnown(options, "logs", ["requests", "burst", "every", "onError"]);
  const share = fraction(options.requests ?? 0, "logs.requests", 0, 1);
  const report = errorReport("keelson/logs", options.onError);
  const { clock, events, service } = kit;
  const outbox = new Outbox<Line>({
    clock,
    capacity: WAITING,
    batch: 1,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    send: ([line]) => line && write(logger, line),
    report,
  });
  const gate = new Floodgate<Notice>({
    clock,
    burst: fraction(options.burst ?? 10, "logs.burst", 1, 10_000),
    everyMs: milliseconds(options.every ?? "10s", "logs.every", 1),
    perMinute: PER_MINUTE,
    maxKeys: MAX_KEYS,
    timers: true,
    pass: (notice, suppressed) => outbox.push(lineOf(notice, service, suppressed)),
  });
  const listening = new Listening(events, report);
  feedNotices(listening, (rule, event, key) => gate.offer(key, () => noticeOf(rule, event, clock.wall())));
  if (share > 0) {
    let due = 0;
    listening.to("endpoint.settled", (event) => {
      // Those have lines of their own.
      if (event.status >= 500) return;
      due += share;
      if (due < 1) return;
      due -= 1;
      outbox.push(requestLine(event, service));
    });
  }
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      detach();
      listening.stop();
      gate.close();
      await outbox.close();
    })();
    return closing;
  };
  const detach = kit.attach({ close });
  return {
    get stats() {
      const { sent, dropped, failed } = outbox;
      return { sent, dropped, failed, suppressed: gate.suppressed };
    },
    flush: () => outbox.flush(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function lineOf({ kind, name, level, message, fields, error, traceId }: Notice, service: string, suppressed: number) {
  return {
    level,
    message,
    fields: {
      event: kind,
      service,
      subject: name,
      ...fields,
      ...(traceId !== undefined && { traceId }),
      // Loggers write an `err` with its stack.
      ...(error !== undefined && { err: error }),
      ...(suppressed > 0 && { suppressed }),
    },
  };
}

function requestLine({ name, status, code, durationMs, context }: EventMap["endpoint.settled"], service: string): Line {
  const traceId = context?.traceId;
  return {
    level: "info",
    message: `"${name}" answered ${status}`,
    fields: {
      event: "request",
      service,
      subject: name,
      status,
      ...(code !== undefined && { code }),
      durationMs,
      ...(traceId !== undefined && { traceId }),
    },
  };
}

function write(logger: Logger, { level, fields, message }: Line): void {
  if (level === "error") logger.error(fields, message);
  else if (level === "warning") logger.warn(fields, message);
  else logger.info(fields, message);
}
