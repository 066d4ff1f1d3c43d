/** A server-sent event. */
export interface ServerSent {
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events out of text as it comes, in whatever pieces (WHATWG HTML, section 9.2.6, without ids). */
export class ServerSentReader {
  #rest = "";

  /** What has become whole with this piece. */
  push(text: string): ServerSent[] {
    const blocks = (this.#rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (field === "event") event = value;
        else if (field === "data") data.push(value);
      }
      return data.length === 0 ? [] : [{ event, data: data.join("\n") }];
    });
  }
}
