import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { project } from "../fixture.js";
import { artefactName, envelopeSchema } from "./envelope.js";
import { readArtefact, readArtefactOf } from "./read.js";
import { isSecretName, Redactor, secretsOf } from "./redact.js";

const artefact = {
  schemaVersion: "1.0",
  kind: "synthetic-probes",
  id: "1",
  tool: { name: "keelson", version: "1.0.0" },
  createdAt: "2026-01-01T12:00:00.123Z",
  git: null,
  target: { default: "http://127.0.0.1" },
  configSha256: "0",
  verdict: "pass",
  checks: [],
  data: { probes: [] },
};

async function file(content: string | object): Promise<string> {
  const folder = await project({});
  const path = join(folder, "a.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("artefacts", () => {
  it("are named by kind, variant and time", () => {
    expect(artefactName("load-drill", artefact.createdAt, "quick")).toBe("load-drill-quick-20260101T120000Z.json");
    expect(artefactName("synthetic-probes", artefact.createdAt)).toBe("synthetic-probes-20260101T120000Z.json");
  });

  it("of a later minor version are read, what is new in them ignored", async () => {
    const path = await file({ ...artefact, schemaVersion: "1.7", later: true });
    const { later, ...rest } = (await readArtefact(path)) as unknown as Record<string, unknown>;
    expect(later).toBeUndefined();
    expect(rest).toMatchObject({ kind: "synthetic-probes", schemaVersion: "1.7" });
  });

  it.each([
    [{ ...artefact, schemaVersion: "2.0" }, /schemaVersion 2\.0; this version of the tool reads 1\.x/],
    [{ ...artefact, verdict: "fine" }, /verdict: got "fine"/],
    ["{", /no JSON/],
  ])("that can't be used are told of: %j", async (content, message) => {
    await expect(readArtefact(await file(content))).rejects.toThrow(message);
  });

  it("that are missing, or of another kind, are told of", async () => {
    await expect(readArtefact("/nowhere/a.json")).rejects.toThrow("/nowhere/a.json: can't be read (ENOENT)");
    await expect(readArtefactOf(await file(artefact), "load-drill", z.unknown())).rejects.toThrow(
      "an artefact of kind synthetic-probes; wanted: load-drill",
    );
  });

  it("fit the envelope's schema", () => {
    expect(envelopeSchema.safeParse(artefact).success).toBe(true);
  });
});

describe("secrets", () => {
  it.each([
    "authorization",
    "OPERATOR_TOKEN",
    "x-api-key",
    "apiKey",
    "sessionSecret",
    "Set-Cookie",
    "SENTRY_DSN",
    "password",
  ])("are known by names like %s", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(["monkey", "key", "tokenizer", "path", "secretary", "status"])("are not %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  it("are taken out by value and by name, deep inside", () => {
    const redactor = new Redactor(secretsOf({ API_TOKEN: "abcdef-123", PATH: "/usr/bin" }));
    expect(
      redactor.data({
        url: "http://u:pw@host/?t=abcdef-123",
        headers: { authorization: "Basic x", accept: "text/plain" },
        list: ["Bearer eyJhbGciOi", "/usr/bin"],
        cookie: 3,
      }),
    ).toEqual({
      url: "http://[redacted]@host/?t=[redacted]",
      headers: { authorization: "[redacted]", accept: "text/plain" },
      list: ["Bearer [redacted]", "/usr/bin"],
      cookie: 3,
    });
  });

  it("that are short are words, and stay", () => {
    expect(new Redactor(["a", "on", undefined]).text("on and on")).toBe("on and on");
  });
});
