/**
 * The hash slot of a key in a Redis Cluster: CRC-16/XMODEM of the key, or of what stands between its first `{` and the
 * next `}` if that isn't empty, modulo 16384 (Redis Cluster specification, "Key distribution model").
 */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of encoder.encode(hashed)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0x3fff;
}

const encoder = new TextEncoder();
