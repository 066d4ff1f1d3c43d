import { describe, expect, it } from "vitest";
import type { EventMap } from "../core/events.js";
import { NOTICE_RULES } from "./notices.js";

const ALERT: EventMap["alert.firing"] = {
  name: "chat",
  id: "endpoint:chat:page:3600",
  sli: "endpoint:chat",
  severity: "page",
  burnRate: 20.123,
  longSec: 3_600,
  shortSec: 300,
  threshold: 14.4,
  budgetLeft: 0.5,
  owner: "chat",
  runbook: "docs/runbooks/chat-availability.md",
} as EventMap["alert.firing"];

/** What an event becomes: its kinds and messages. */
function told(type: string, event: object) {
  return NOTICE_RULES.filter((rule) => rule.type === type && (rule.when?.(event as never) ?? true)).map(
    ({ kind, alert, level, message, fields }) => ({
      kind,
      alert,
      level,
      message: message(event as never),
      fields: fields(event as never),
    }),
  );
}

describe("alerts on burn rates", () => {
  it("are errors where they page, warnings where they are tickets, with owner and runbook", () => {
    expect(told("alert.firing", ALERT)).toEqual([
      expect.objectContaining({
        kind: "alert.page",
        alert: true,
        level: "error",
        message:
          '"endpoint:chat" burns its error budget 20.1 times too fast: chat, see docs/runbooks/chat-availability.md',
        fields: expect.objectContaining({ sli: "endpoint:chat", owner: "chat", budgetLeft: 0.5 }),
      }),
    ]);
    expect(told("alert.firing", { ...ALERT, severity: "ticket", burnRate: null })).toMatchObject([
      { kind: "alert.ticket", level: "warning", message: expect.stringContaining("error budget too fast") },
    ]);
    expect(told("alert.resolved", ALERT)).toMatchObject([{ kind: "alert.resolved", alert: false }]);
  });
});

describe("levers", () => {
  it("are told with who and why, and never with their arguments, which may be a user's key", () => {
    const [notice] = told("lever.pulled", {
      name: "chat",
      id: "1",
      lever: "limiter.block",
      args: { key: "user-17" },
      by: "ada",
      reason: "abuse",
      at: 1,
      expiresAt: 2,
    });
    expect(notice).toMatchObject({ kind: "lever.pulled", message: 'ada pulled limiter.block on "chat": abuse' });
    expect(JSON.stringify(notice)).not.toContain("user-17");
  });
});
