/** An IP address as eight groups of 16 bits; IPv4 is mapped into IPv6 (`::ffff:0:0/96`, RFC 4291, section 2.5.5.2). */
export type Address = readonly number[];

const MAPPED = [0, 0, 0, 0, 0, 0xffff];

/**
 * Reads an address as it stands in a forwarding header or a socket: with a port, in brackets, with a zone id.
 * `undefined` when it is none.
 */
export function parseAddress(text: string): Address | undefined {
  let host = text.trim();
  if (host.startsWith("[")) {
    const end = host.indexOf("]");
    if (end === -1 || !/^(?::\d{1,5})?$/.test(host.slice(end + 1))) return undefined;
    host = host.slice(1, end);
  }
  if (!host.includes(":") || /^[\d.]+:\d{1,5}$/.test(host)) return parseIPv4(host.replace(/:\d+$/, ""));
  return parseIPv6(host.replace(/%[\w.~-]+$/, ""));
}

function parseIPv4(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes: number[] = [];
  for (const part of match.slice(1)) {
    // "010" is 8 for some and 10 for others: neither is taken.
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return undefined;
    bytes.push(Number(part));
  }
  const [a, b, c, d] = bytes as [number, number, number, number];
  return [...MAPPED, a * 256 + b, c * 256 + d];
}

function parseIPv6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 1 ? [] : groups(halves[1] as string, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** @param last whether these are the last groups, which may be written as IPv4 */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const result: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) result.push(Number.parseInt(part, 16));
    else {
      const embedded = last && index === parts.length - 1 ? parseIPv4(part) : undefined;
      if (embedded === undefined) return undefined;
      result.push(...embedded.slice(6));
    }
  }
  return result;
}

/** Whether it is an IPv4 address, also one that is written as IPv6. */
export function isIPv4(address: Address): boolean {
  return MAPPED.every((group, index) => address[index] === group);
}

/**
 * What stands for a client: an IPv4 address as it is, an IPv6 address by its /56, the smallest that a household or
 * server is commonly given: whoever has one can change the bits below at will.
 */
export function clientKey(address: Address): string {
  const [, , , d, , , g, h] = address as [number, number, number, number, number, number, number, number];
  if (isIPv4(address)) return `${g >> 8}.${g & 255}.${h >> 8}.${h & 255}`;
  const prefix = [...address.slice(0, 3), d & 0xff00];
  return `${prefix.map((group) => group.toString(16)).join(":")}::/56`;
}

/** A block of addresses. */
export interface Block {
  readonly base: Address;
  /** Bits of the IPv6 form that count. */
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; `undefined` when it is neither. */
export function parseBlock(text: string): Block | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim());
  const base = match === null ? undefined : parseAddress(match[1] as string);
  if (match === null || base === undefined) return undefined;
  // 10.0.0.0/8 counts its bits from where IPv4 begins within the mapped form; ::ffff:10.0.0.0/104 does not.
  const offset = (match[1] as string).includes(":") ? 0 : 96;
  const bits = match[2] === undefined ? 128 : Number(match[2]) + offset;
  return bits <= 128 ? { base, bits } : undefined;
}

/** Whether the address lies in the block. */
export function inBlock(address: Address, { base, bits }: Block): boolean {
  for (let group = 0, left = bits; left > 0; group++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if ((((address[group] as number) ^ (base[group] as number)) & mask) !== 0) return false;
  }
  return true;
}
