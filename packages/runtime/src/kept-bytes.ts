/** One allocation outside of V8's heap for many kept messages; it goes when the last of them does. */
const slabBytes = 16_384;

let slab = new ArrayBuffer(0);
let used = 0;

/** A copy of the bytes. */
export function keep(bytes: DataView): DataView {
  const { byteLength } = bytes;
  if (used + byteLength > slab.byteLength) {
    slab = new ArrayBuffer(Math.max(slabBytes, byteLength));
    used = 0;
  }
  const copy = new DataView(slab, used, byteLength);
  used = (used + byteLength + 7) & ~7;
  copyBytes(bytes, copy, 0);
  return copy;
}

/** From here on a copy of the whole is cheaper than one of words. */
const wholeBytes = 128;

/** Copies all of one view to a place in another. */
export function copyBytes(from: DataView, to: DataView, byteOffset: number): void {
  const { byteLength } = from;
  if (byteLength >= wholeBytes) {
    const whole = new Uint8Array(from.buffer, from.byteOffset, byteLength);
    new Uint8Array(to.buffer, to.byteOffset + byteOffset, byteLength).set(whole);
    return;
  }
  let i = 0;
  for (; i + 4 <= byteLength; i += 4) to.setUint32(byteOffset + i, from.getUint32(i, true), true);
  for (; i < byteLength; i++) to.setUint8(byteOffset + i, from.getUint8(i));
}
