/** Whether a text is longer than so many bytes as UTF-8. */
export function longer(text: string, bytes: number): boolean {
  // No character takes more than three bytes for each of its UTF-16 units, and none less than one.
  if (text.length * 3 <= bytes) return false;
  return text.length > bytes || new TextEncoder().encode(text).length > bytes;
}
