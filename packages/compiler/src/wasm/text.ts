import type { WebAssemblyCode } from './image.ts';

/** The code as text, for files: JSON, with the bytes in base64. */
export function webAssemblyToText({ bytes, ...rest }: WebAssemblyCode): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return JSON.stringify({ ...rest, bytes: btoa(binary) });
}

/** The code that `webAssemblyToText` wrote. */
export function webAssemblyFromText(text: string): WebAssemblyCode {
  const { bytes, ...rest } = JSON.parse(text) as Omit<WebAssemblyCode, 'bytes'> & {
    readonly bytes: string;
  };
  return { ...rest, bytes: Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)) };
}
