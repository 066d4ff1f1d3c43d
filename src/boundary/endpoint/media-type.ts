/** The type of a Content-Type without its parameters, in lower case. */
export function essence(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** Whether a type, without parameters or with, is JSON: `application/json`, `application/problem+json`. */
export function isJsonType(contentType: string): boolean {
  const type = essence(contentType);
  return type === "application/json" || type.endsWith("+json");
}

/** Whether the charset that is named, if any, is UTF-8 (or ASCII, a part of it): the only one that is read. */
export function isUtf8(contentType: string): boolean {
  if (!/charset/i.test(contentType)) return true;
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1];
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset);
}
