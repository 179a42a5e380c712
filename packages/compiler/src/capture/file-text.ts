import { builtin } from './inspector.ts';

/** What a file has; null where it can't be read. */
export function readText(path: string): string | null {
  try {
    return builtin<typeof import('node:fs')>('node:fs')?.readFileSync(path, 'utf8') ?? null;
  } catch {
    return null;
  }
}
