import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { SourcePosition } from '../diagnostics/compile-error.ts';
import { type Captured, command, listen } from './inspector.ts';

/** A script the engine has loaded. */
interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL?: string;
}

let scripts: Map<string, Script> | null = null;
const maps = new Map<string, TraceMap | null>();

function scriptOf(id: string): Script | undefined {
  if (scripts === null || !scripts.has(id)) {
    const found = new Map<string, Script>();
    const stop = listen('Debugger.scriptParsed', ({ params }) =>
      found.set(params.scriptId, params),
    );
    command('Debugger.enable'); // replays every loaded script
    stop();
    command('Debugger.disable');
    scripts = found;
  }
  return scripts.get(id);
}

function builtin<T>(id: string): T {
  return (process as unknown as { getBuiltinModule(id: string): T }).getBuiltinModule(id);
}

function readText(path: string): string | null {
  try {
    return builtin<typeof import('node:fs')>('node:fs').readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function toPath(url: string): string {
  return url.startsWith('file:')
    ? builtin<typeof import('node:url')>('node:url').fileURLToPath(url)
    : url;
}

function mapText(script: Script): string | null {
  let url = script.sourceMapURL ?? '';
  if (url === '') {
    const { scriptSource } = command('Debugger.getScriptSource', { scriptId: script.scriptId });
    const links = [...(scriptSource as string).matchAll(/\/\/[#@] sourceMappingURL=(\S+)/g)];
    url = links.at(-1)?.[1] ?? '';
  }
  if (url.startsWith('data:')) {
    const body = url.slice(url.indexOf(',') + 1);
    return url.slice(0, url.indexOf(',')).endsWith(';base64')
      ? new TextDecoder().decode(Uint8Array.from(atob(body), (c) => c.charCodeAt(0)))
      : decodeURIComponent(body);
  }
  if (url === '' || !script.url.startsWith('file:')) return null;
  return readText(toPath(new URL(url, script.url).href));
}

function mapOf(script: Script): TraceMap | null {
  const known = maps.get(script.scriptId);
  if (known !== undefined) return known;
  let map: TraceMap | null = null;
  try {
    command('Debugger.enable');
    const text = mapText(script);
    if (text !== null) map = new TraceMap(text);
  } catch {
    // A broken map is no map: the position in the script that runs is right, too.
  } finally {
    command('Debugger.disable');
  }
  maps.set(script.scriptId, map);
  return map;
}

/** Traces a position in a captured function's script back to the file the user wrote. */
export function originalPosition(
  captured: Captured,
  line: number,
  column: number,
): SourcePosition | null {
  if (captured.scriptId === null) return null;
  let script: Script | undefined;
  try {
    script = scriptOf(captured.scriptId);
  } catch {
    return null;
  }
  if (script === undefined || script.url === '') return null;
  const map = mapOf(script);
  const found = map && originalPositionFor(map, { line, column: column - 1 });
  if (!found || found.line === null || found.source === null)
    return { file: toPath(script.url), line, column };
  const base = /^[a-z]+:/.test(script.url) ? script.url : `file://${script.url}`;
  return {
    file: toPath(new URL(found.source, base).href),
    line: found.line,
    column: found.column + 1,
  };
}
