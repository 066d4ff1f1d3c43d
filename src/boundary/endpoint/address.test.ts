import { describe, expect, it } from "vitest";
import { clientKey, inBlock, parseAddress, parseBlock } from "./address.js";

const keyOf = (text: string) => {
  const address = parseAddress(text);
  return address === undefined ? undefined : clientKey(address);
};

describe("a client's key", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    [" 203.0.113.9 ", "203.0.113.9"],
    ["203.0.113.9:51234", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::FFFF:cb00:7109", "203.0.113.9"],
    ["[::ffff:203.0.113.9]:443", "203.0.113.9"],
    ["2001:db8:1:2345::1", "2001:db8:1:2300::/56"],
    ["2001:DB8:1:23ff:ffff:ffff:ffff:ffff", "2001:db8:1:2300::/56"],
    ["[2001:db8:1:2345::1]:443", "2001:db8:1:2300::/56"],
    ["fe80::1%eth0", "fe80:0:0:0::/56"],
    ["::1", "0:0:0:0::/56"],
    ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/56"],
    ["1:2:3:4:5:6:7:8", "1:2:3:0::/56"],
  ])("of %s is %s", (text, key) => expect(keyOf(text)).toBe(key));

  it.each([
    "",
    "unknown",
    "_hidden",
    "256.1.1.1",
    "1.2.3",
    "1.2.3.4.5",
    "010.1.1.1",
    "0x7f.1",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::1.2.3.4.5",
    "1.2.3.4::",
    "[::1",
    "[::1]x",
    "2001:db8::1/64",
  ])("does not come of %j", (text) => expect(keyOf(text)).toBeUndefined());

  it("is the same for all of a /56 and differs between two", () => {
    expect(keyOf("2001:db8:0:100::1")).toBe(keyOf("2001:db8:0:1ff:abcd::9"));
    expect(keyOf("2001:db8:0:100::1")).not.toBe(keyOf("2001:db8:0:200::1"));
  });
});

describe("a block", () => {
  it.each([
    ["10.0.0.0/8", "10.255.1.2", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.0/8", "::ffff:10.1.1.1", true],
    ["192.168.1.7", "192.168.1.7", true],
    ["192.168.1.7", "192.168.1.8", false],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["fd00::/8", "fdab::1", true],
    ["fd00::/8", "fe00::1", false],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
  ])("%s and %s: %s", (text, other, inside) => {
    const block = parseBlock(text);
    const address = parseAddress(other);
    expect(block && address && inBlock(address, block)).toBe(inside);
  });

  it.each(["10.0.0.0/33", "fd00::/129", "10.0.0/8", "x/8", "10.0.0.0/", "10.0.0.0/8/8"])("is not %s", (text) =>
    expect(parseBlock(text)).toBeUndefined(),
  );
});
