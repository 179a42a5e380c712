import { copySlots, slotsOf } from '../queue/record.ts';

/** What was thrown, as text that travels: JSON of this. */
export interface ThrownText {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Bytes of site and value, before the text of what was thrown. */
export const faultTextOffset = 8;
const longestTextBytes = 1500;

/**
 * A record that tells the host of a fault: the header of the message that was being handled, the site, the value and,
 * when something was thrown, its text (cut: it must fit half of the smallest lane).
 */
export function faultReport(
  words: Int32Array,
  word: number,
  site: number,
  value: number,
  thrown: unknown,
): Int32Array {
  const text = thrown === undefined ? new Uint8Array(0) : new TextEncoder().encode(textOf(thrown));
  const size = faultTextOffset + text.length;
  const report = new Int32Array(slotsOf(size) * 16);
  copySlots(words, word, report, 0, 1);
  report[2] = size;
  report[16] = site;
  report[17] = value;
  new Uint8Array(report.buffer).set(text, 64 + faultTextOffset);
  return report;
}

export function thrownText(thrown: unknown): ThrownText {
  if (thrown instanceof Error) {
    const { name, message, stack = '' } = thrown;
    return { name, message, stack };
  }
  return { name: 'Error', message: String(thrown), stack: '' };
}

/** JSON with the message and as much of the stack as fits. */
function textOf(thrown: unknown): string {
  const { name, message, stack } = thrownText(thrown);
  const short = { name: name.slice(0, 40), message: message.slice(0, 120), stack: '' };
  for (let length = stack.length; length > 0; length = Math.floor(length / 2)) {
    const json = JSON.stringify({ ...short, stack: stack.slice(0, length) });
    if (Buffer.byteLength(json) <= longestTextBytes) return json;
  }
  return JSON.stringify(short);
}
