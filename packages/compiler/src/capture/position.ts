import { originalPositionFor, sourceContentFor, TraceMap } from '@jridgewell/trace-mapping';
import type { Located } from '../diagnostics/frame.ts';
import type { FunctionLocation } from './closure.ts';
import { readText } from './file-text.ts';
import { builtin, type Inspector } from './inspector.ts';

/** A script the engine has loaded. */
interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL?: string;
}

interface Mapped {
  readonly script: Script;
  readonly map: TraceMap | null;
}

/**
 * Traces positions back to the files that were written. Only for errors and faults: `Debugger.enable` tells about
 * every loaded script, which takes tens of milliseconds in a small program and far more in a large one.
 */
export class PositionTracer {
  readonly #inspector: Inspector;
  #scripts: ReadonlyMap<string, Script> | null = null;
  readonly #mapped = new Map<string, Mapped | null>();

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  /** The place `line`, `column` (1-based) of a script, in the file it was written in; null when there is no file. */
  trace({ scriptId }: FunctionLocation, line: number, column: number): Located | null {
    const mapped = this.#of(scriptId);
    if (mapped === null) return null;
    const { script, map } = mapped;
    if (map !== null) {
      const found = originalPositionFor(map, { line, column: column - 1 });
      if (found.source !== null) {
        const base = /^[a-z]+:/.test(script.url) ? script.url : `file://${script.url}`;
        const file = toPath(new URL(found.source, base).href);
        const text = readText(file) ?? sourceContentFor(map, found.source) ?? '';
        return { file, line: found.line, column: found.column + 1, text };
      }
    }
    const file = toPath(script.url);
    return { file, line, column, text: readText(file) ?? this.#text(scriptId) };
  }

  #of(scriptId: string): Mapped | null {
    const known = this.#mapped.get(scriptId);
    if (known !== undefined) return known;
    const script = this.#script(scriptId);
    const usable = script !== undefined && script.url !== '';
    const mapped = usable ? { script, map: this.#map(script) } : null;
    this.#mapped.set(scriptId, mapped);
    return mapped;
  }

  #script(scriptId: string): Script | undefined {
    if (this.#scripts === null) {
      const parsed: Script[] = this.#inspector.events('Debugger.scriptParsed', () => {
        this.#inspector.command('Debugger.enable');
      });
      this.#scripts = new Map(parsed.map((script) => [script.scriptId, script]));
    }
    return this.#scripts.get(scriptId);
  }

  #text(scriptId: string): string {
    return this.#inspector.command('Debugger.getScriptSource', { scriptId }).scriptSource;
  }

  #map(script: Script): TraceMap | null {
    try {
      const text = this.#mapText(script);
      return text === null ? null : new TraceMap(text);
    } catch {
      return null; // A broken map is no map: the position in the script that runs is right, too.
    }
  }

  #mapText(script: Script): string | null {
    let url = script.sourceMapURL ?? '';
    if (url === '') {
      const links = [...this.#text(script.scriptId).matchAll(/\/\/[#@] sourceMappingURL=(\S+)/g)];
      url = links.at(-1)?.[1] ?? '';
    }
    if (url.startsWith('data:')) return dataText(url);
    if (url === '' || !script.url.startsWith('file:')) return null;
    return readText(toPath(new URL(url, script.url).href));
  }
}

function dataText(url: string): string {
  const comma = url.indexOf(',');
  const body = url.slice(comma + 1);
  if (!url.slice(0, comma).endsWith(';base64')) return decodeURIComponent(body);
  return new TextDecoder().decode(Uint8Array.from(atob(body), (c) => c.charCodeAt(0)));
}

function toPath(url: string): string {
  if (!url.startsWith('file:')) return url;
  return builtin<typeof import('node:url')>('node:url')?.fileURLToPath(url) ?? url;
}
