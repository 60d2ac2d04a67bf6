// A film whose values are all between 0 and 1: a ramp from the left to the right, as IEEE floats
// (PS3.3 C.7.6.24) or as whole numbers with a small rescale slope (C.11.1).
const SIZE = 64;
const EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1";
// Secondary capture: any pixel module may stand in it.
const CLASS = "1.2.840.10008.5.1.4.1.1.7";
const LONG = new Set(["OB", "OW", "OF"]);

const padded = (text, vr) => Buffer.from(text.length % 2 ? text + (vr === "UI" ? "\0" : " ") : text, "latin1");
const u16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16LE(n); return b; };
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };

function element(group, number, vr, value) {
  const bytes = Buffer.isBuffer(value) ? value : padded(String(value), vr);
  const length = LONG.has(vr) ? [Buffer.alloc(2), u32(bytes.length)] : [u16(bytes.length)];
  return Buffer.concat([u16(group), u16(number), Buffer.from(vr, "latin1"), ...length, bytes]);
}

export function fractionFilm(float) {
  // UIDs of their own each time: an import is never a duplicate.
  const uid = (n) => `2.25.${Date.now()}${float ? 1 : 2}${n}`;
  const values = Array.from({ length: SIZE * SIZE }, (_, i) => (i % SIZE) / (SIZE - 1));
  const pixels = Buffer.alloc(SIZE * SIZE * (float ? 4 : 2));
  values.forEach((value, i) => (float ? pixels.writeFloatLE(value, i * 4) : pixels.writeUInt16LE(Math.round(value * 1000), i * 2)));
  const bits = float ? 32 : 16;
  const meta = Buffer.concat([
    element(0x0002, 0x0001, "OB", Buffer.from([0, 1])),
    element(0x0002, 0x0002, "UI", CLASS),
    element(0x0002, 0x0003, "UI", uid(3)),
    element(0x0002, 0x0010, "UI", EXPLICIT_LITTLE_ENDIAN),
    element(0x0002, 0x0012, "UI", "2.25.1"),
  ]);
  const data = [
    element(0x0008, 0x0016, "UI", CLASS),
    element(0x0008, 0x0018, "UI", uid(3)),
    element(0x0008, 0x0020, "DA", "20261122"),
    element(0x0008, 0x0060, "CS", "MR"),
    element(0x0010, 0x0010, "PN", "Ramp^Test"),
    element(0x0010, 0x0020, "LO", "RAMP"),
    element(0x0020, 0x000d, "UI", uid(1)),
    element(0x0020, 0x000e, "UI", uid(2)),
    element(0x0020, 0x0013, "IS", "1"),
    element(0x0028, 0x0002, "US", u16(1)),
    element(0x0028, 0x0004, "CS", "MONOCHROME2"),
    element(0x0028, 0x0010, "US", u16(SIZE)),
    element(0x0028, 0x0011, "US", u16(SIZE)),
    element(0x0028, 0x0100, "US", u16(bits)),
    ...(float
      ? [element(0x7fe0, 0x0008, "OF", pixels)]
      : [
          element(0x0028, 0x0101, "US", u16(bits)),
          element(0x0028, 0x0102, "US", u16(bits - 1)),
          element(0x0028, 0x0103, "US", u16(0)),
          element(0x0028, 0x1052, "DS", "0"),
          element(0x0028, 0x1053, "DS", "0.001"),
          element(0x7fe0, 0x0010, "OW", pixels),
        ]),
  ];
  return Buffer.concat([
    Buffer.alloc(128), Buffer.from("DICM"), element(0x0002, 0x0000, "UL", u32(meta.length)), meta, ...data,
  ]);
}
