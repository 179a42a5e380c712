import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyBytes, keep } from '../dist/kept-bytes.js';

const bytes = fc.uint8Array({ minLength: 0, maxLength: 300 });

function viewOf(content: Uint8Array, before = 0): DataView {
  const room = new Uint8Array(before + content.length + 5);
  room.set(content, before);
  return new DataView(room.buffer, before, content.length);
}

function bytesOf(view: DataView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}

test('what is kept stays as it was, however much is kept after it', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 200 }), (contents) => {
      const kept = contents.map((content, i) => {
        const original = viewOf(content, i % 3);
        const copy = keep(original);
        for (let at = 0; at < content.length; at++) original.setUint8(at, 0xee);
        return copy;
      });
      for (const [i, content] of contents.entries()) {
        expect(bytesOf(kept[i] as DataView)).toEqual([...content]);
      }
    }),
  );
});

test('a message larger than a slab is kept', () => {
  const large = new Uint8Array(65_536).map((_, i) => i);
  expect(bytesOf(keep(viewOf(large)))).toEqual([...large]);
});

test('a copy writes its bytes and no others', () => {
  fc.assert(
    fc.property(bytes, fc.nat({ max: 9 }), (content, at) => {
      const to = viewOf(new Uint8Array(content.length + 20).fill(7), 3);
      copyBytes(viewOf(content, 1), to, at);
      const wanted = [...Array(at).fill(7), ...content, ...Array(20 - at).fill(7)];
      expect(bytesOf(to)).toEqual(wanted);
    }),
  );
});
