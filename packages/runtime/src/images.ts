import { type CompiledFile, StaleImageError } from '@ringkernel/compiler/back-end';
import {
  type AnyDefinition,
  type AnyHostActor,
  canonicalText,
  describe,
  fnv1a,
  InvalidOptionError,
  type KernelImage,
} from '@ringkernel/core';

/** Where a runtime's images come from. */
export class Images {
  readonly #file: CompiledFile | null;
  readonly #compiledOnly: boolean;

  /** `compiledOnly`: nothing is compiled here. */
  constructor(file: CompiledFile | null, compiledOnly: boolean) {
    this.#file = file;
    this.#compiledOnly = compiledOnly;
  }

  /**
   * Takes a definition's image from the file, compiles it, or packs a host-only one so that it can travel to a
   * worker. The compiler and its parser are loaded when they are first needed.
   */
  async of(definition: AnyDefinition): Promise<KernelImage> {
    if (definition?.kind === 'host') return hostImage(definition);
    if (definition?.kind !== 'actor') {
      const wanted = 'what actor() or hostActor() returned';
      throw new InvalidOptionError('definition', wanted, definition);
    }
    if (this.#file !== null) {
      const found = this.#file.imageOf(definition);
      if (typeof found !== 'string') return found;
      this.#tell(this.#file, definition.name, found);
    }
    const { compile } = await import('@ringkernel/compiler');
    return compile(definition);
  }

  /** Compiling what the file has in another form takes time that the file was to save. */
  #tell(file: CompiledFile, actor: string, reason: string): void {
    const stale = new StaleImageError(file.name, actor, reason);
    if (this.#compiledOnly) throw stale;
    if (!file.has(actor)) return;
    warn(`${stale.message}; it is compiled again`, stale.code);
  }
}

async function hostImage(definition: AnyHostActor): Promise<KernelImage> {
  const { name } = definition;
  const { state, messages, emits } = describe(definition);
  const { hostProgram } = await import('./host-program.ts');
  const program = hostProgram(definition);
  const types = [...messages, ...emits].map((m) => `${m.id}:${canonicalText(m.layout)}`);
  const replies = messages.map(({ reply }) => String(reply?.id ?? 0));
  const { source = '', moduleUrl = '', exportName = '' } = program;
  const text = [name, ...types, ...replies, source, moduleUrl, exportName];
  return { name, hash: fnv1a(text.join('\n')), state, messages, emits, program };
}

/** A warning of the process; a browser has only its console. */
function warn(message: string, code: string): void {
  if (typeof process === 'undefined') console.warn(`(${code}) ${message}`);
  else process.emitWarning(message, { type: 'RingKernel', code });
}
