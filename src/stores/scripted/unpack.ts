const decoder = new TextDecoder();

/**
 * Reads a state as scripts keep it: doubles with the highest byte first where it is always so many numbers, otherwise a
 * MessagePack array of numbers and text (https://github.com/msgpack/msgpack/blob/master/spec.md), as Redis's cmsgpack
 * writes it. `undefined` for anything else.
 */
export function unpacked(raw: Uint8Array, width: number | undefined): readonly unknown[] | undefined {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (width !== undefined) {
    if (raw.byteLength !== 8 * (width + 1)) return undefined;
    return Array.from({ length: width + 1 }, (_, i) => view.getFloat64(8 * i));
  }
  try {
    return new Reader(raw, view).array();
  } catch {
    // Cut off, or of no kind that a state is made of.
    return undefined;
  }
}

class Reader {
  #at = 0;

  constructor(
    readonly raw: Uint8Array,
    readonly view: DataView,
  ) {}

  array(): unknown[] {
    const kind = this.#byte();
    const size = kind >> 4 === 9 ? kind & 15 : kind === 0xdc ? this.#uint(2) : Number.NaN;
    if (Number.isNaN(size)) throw new RangeError("no array");
    return Array.from({ length: size }, () => this.#value());
  }

  #value(): number | string {
    const kind = this.#byte();
    if (kind < 0x80) return kind;
    if (kind >= 0xe0) return kind - 256;
    if (kind >> 5 === 5) return this.#text(kind & 31);
    switch (kind) {
      case 0xca:
        return this.#take(4, (at) => this.view.getFloat32(at));
      case 0xcb:
        return this.#take(8, (at) => this.view.getFloat64(at));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (kind - 0xcc));
      case 0xcf:
        return this.#take(8, (at) => Number(this.view.getBigUint64(at)));
      case 0xd0:
        return this.#take(1, (at) => this.view.getInt8(at));
      case 0xd1:
        return this.#take(2, (at) => this.view.getInt16(at));
      case 0xd2:
        return this.#take(4, (at) => this.view.getInt32(at));
      case 0xd3:
        return this.#take(8, (at) => Number(this.view.getBigInt64(at)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (kind - 0xd9)));
      default:
        throw new RangeError("no number and no text");
    }
  }

  #byte(): number {
    return this.#take(1, (at) => this.view.getUint8(at));
  }

  #uint(size: number): number {
    return this.#take(size, (at) =>
      size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at),
    );
  }

  #text(size: number): string {
    return this.#take(size, (at) => {
      if (at + size > this.raw.length) throw new RangeError("cut off");
      return decoder.decode(this.raw.subarray(at, at + size));
    });
  }

  #take<T>(size: number, read: (at: number) => T): T {
    const at = this.#at;
    this.#at += size;
    return read(at);
  }
}
