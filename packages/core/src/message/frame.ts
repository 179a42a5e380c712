import { LayoutMismatchError } from '../errors/device.ts';
import {
  ChecksumMismatchError,
  InvalidFrameError,
  MessageTooLargeError,
  TruncatedFrameError,
  UnsupportedVersionError,
} from '../errors/message.ts';
import {
  layoutHash,
  layoutLimit,
  messageFlag,
  messageHeader,
  priorityCode,
  qosCode,
} from '../layout/generated.ts';
import { crc32 } from './crc32.ts';
import { type MessageHeader, readHeader, writeHeader } from './header.ts';

/**
 * A message as bytes that leave the process: a preamble of 16 bytes (magic `RKFR`, version u16, flags u16, layout
 * hash u32, CRC-32 of all that follows u32), the 64-byte header, the payload. Little-endian.
 */
export const frameVersion = 1;

/** Bytes of a frame besides its payload. */
export const frameOverheadBytes: number = 16 + messageHeader.sizeBytes;

const magic = 0x52464b52; // 'RKFR'
const preambleBytes = 16;
const checksumFlag = 1;
const knownMessageFlags = Object.entries(messageFlag)
  .filter(([name]) => name !== 'qosShift')
  .reduce((all, [, bit]) => all | bit, 0);

export interface FrameOptions {
  /** Writes the checksum, and refuses frames without one when reading. On by default. */
  readonly checksum?: boolean;
}

export interface Frame {
  readonly header: MessageHeader;
  /** The payload where it lies in the bytes that were given; not a copy. */
  readonly payload: Uint8Array;
  /** Where the next frame begins in them. */
  readonly frameBytes: number;
}

/** The frame of a message; `header.payloadBytes` is taken from the payload. Throws `MessageTooLargeError`. */
export function encodeFrame(
  header: MessageHeader,
  payload: Uint8Array,
  options: FrameOptions = {},
): Uint8Array {
  const { inlinePayloadBytes } = layoutLimit;
  if (payload.length > inlinePayloadBytes) {
    const name = `type 0x${header.typeId.toString(16)}`;
    throw new MessageTooLargeError(name, payload.length, inlinePayloadBytes);
  }
  const words = new Uint32Array(messageHeader.sizeWords);
  writeHeader(words, 0, { ...header, payloadBytes: payload.length });
  const bytes = new Uint8Array(frameOverheadBytes + payload.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint32(preambleBytes + 4 * i, word, true);
  bytes.set(payload, frameOverheadBytes);
  const checksum = options.checksum ?? true;
  view.setUint32(0, magic, true);
  view.setUint16(4, frameVersion, true);
  view.setUint16(6, checksum ? checksumFlag : 0, true);
  view.setUint32(8, layoutHash, true);
  view.setUint32(12, checksum ? crc32(bytes, preambleBytes) : 0, true);
  return bytes;
}

/**
 * Reads the frame at the start of `bytes`; more may follow it. Every field is checked. Throws `TruncatedFrameError`
 * when the frame goes on behind the bytes, `UnsupportedVersionError`, `LayoutMismatchError`, `ChecksumMismatchError`,
 * and `InvalidFrameError` for what is no frame at all.
 */
export function decodeFrame(bytes: Uint8Array, options: FrameOptions = {}): Frame {
  if (bytes.length < frameOverheadBytes) {
    throw new TruncatedFrameError(frameOverheadBytes, bytes.length);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checked = checkPreamble(view, options.checksum ?? true);
  const words = new Uint32Array(messageHeader.sizeWords);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(preambleBytes + 4 * i, true);
  const header = readHeader(words, 0);
  const { inlinePayloadBytes } = layoutLimit;
  if (header.payloadBytes > inlinePayloadBytes) {
    refuse('payloadBytes', `at most ${inlinePayloadBytes}`, header.payloadBytes);
  }
  const frameBytes = frameOverheadBytes + header.payloadBytes;
  if (bytes.length < frameBytes) throw new TruncatedFrameError(frameBytes, bytes.length);
  if (checked) {
    const found = crc32(bytes, preambleBytes, frameBytes - preambleBytes);
    const wanted = view.getUint32(12, true);
    if (found !== wanted) throw new ChecksumMismatchError(wanted, found);
  }
  checkHeader(header);
  const payload = bytes.subarray(frameOverheadBytes, frameBytes);
  return { header, payload, frameBytes };
}

/** True when the frame carries a checksum. */
function checkPreamble(view: DataView, wantsChecksum: boolean): boolean {
  const found = view.getUint32(0, true);
  if (found !== magic) refuse('magic', `0x${magic.toString(16)}`, `0x${found.toString(16)}`);
  const version = view.getUint16(4, true);
  if (version !== frameVersion) throw new UnsupportedVersionError('Frame', frameVersion, version);
  const flags = view.getUint16(6, true);
  if ((flags & ~checksumFlag) !== 0) refuse('flags', `0 or ${checksumFlag}`, flags);
  if (wantsChecksum && flags === 0) refuse('flags', `${checksumFlag}: with a checksum`, flags);
  const hash = view.getUint32(8, true);
  if (hash !== layoutHash) throw new LayoutMismatchError('a frame', layoutHash, hash);
  return flags === checksumFlag;
}

function checkHeader({ priority, flags }: MessageHeader): void {
  if (priority > priorityCode.critical) {
    refuse('priority', `at most ${priorityCode.critical}`, priority);
  }
  if ((flags & ~knownMessageFlags) !== 0) {
    refuse(
      'message flags',
      `bits of 0x${knownMessageFlags.toString(16)}`,
      `0x${flags.toString(16)}`,
    );
  }
  const qos = (flags & messageFlag.qosMask) >>> messageFlag.qosShift;
  if (qos > qosCode.exactlyOnce) refuse('qos', `at most ${qosCode.exactlyOnce}`, qos);
}

function refuse(field: string, wanted: string, found: number | string): never {
  throw new InvalidFrameError(field, wanted, String(found));
}
