import type { KernelImage } from '@ringkernel/core';
import { withPlaces } from '../image.ts';
import type { IrFunction, Module, ValueType } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { FunctionText, type ProgramText } from './function-text.ts';
import { type LibraryName, libraryText } from './library.ts';
import { PlaceMarks } from './source-map.ts';
import { blockLines, noLoop } from './statement.ts';
import { indent } from './text.ts';
import { tablesText, Views } from './views.ts';

/** Rounds of loops before the first call of `env.tick`. */
const firstRounds = 1024;

class Program implements ProgramText {
  readonly module: Module;
  readonly library = new Set<LibraryName>();
  readonly views = new Views();
  readonly interruptible: boolean;
  readonly marker: ProgramText['marker'];
  readonly #lanes = new Map<string, string>();

  constructor(module: Module, interruptible: boolean, marker: ProgramText['marker']) {
    this.module = module;
    this.interruptible = interruptible;
    this.marker = marker;
  }

  lanes(type: ValueType, array: string): string {
    const name = `lanes${type.toUpperCase()}`;
    this.#lanes.set(name, `const ${name} = new ${array}(64);`);
    return name;
  }

  lanesText(): string[] {
    return [...this.#lanes.values()];
  }
}

/** How JavaScript is emitted. */
export interface EmitOptions {
  /** Loops count their rounds and call `env.tick`, which may end the handler. Costs about a nanosecond a round. */
  readonly interruptible?: boolean;
  /**
   * The image that the module is of: the text gets an inline source map to the files in which its handlers were
   * written. A copy of an image, as one that went to another thread, knows no files and gives no map.
   */
  readonly mapTo?: KernelImage;
}

/**
 * The module as JavaScript: the body of a function of `env` that returns a `Program` (see abi.ts). The same module
 * gives the same text. Integers wrap, f32 rounds after every operation, indices are checked where that is needed.
 */
export function emitJavaScript(
  module: Module,
  { interruptible = false, mapTo }: EmitOptions = {},
): string {
  if (mapTo === undefined) return programText(new Program(module, interruptible, null));
  return withPlaces(mapTo, (places) => {
    const marks = places === null ? null : new PlaceMarks(module, places);
    const text = programText(new Program(module, interruptible, marks?.mark ?? null));
    return marks === null ? text : marks.mapped(text);
  });
}

function programText(program: Program): string {
  const { module, interruptible } = program;
  const handlerNames = module.messages.map(({ name }, i) => `h${i}_${identifier(name)}`);
  const functions = module.functions.map((fn, i) =>
    functionText(program, fn, `f${i}_${identifier(fn.name)}`),
  );
  const handlers = module.handlers.map((fn, i) =>
    functionText(program, fn, handlerNames[i] ?? `h${i}`),
  );
  const dispatcher = dispatcherText(program, handlerNames);
  const library = libraryText(program.library);
  return [
    "'use strict';",
    ...program.views.text(),
    ...program.lanesText(),
    ...tablesText(module),
    ...library,
    ...(interruptible ? [`let rounds = ${firstRounds};`] : []),
    '',
    ...functions,
    ...handlers,
    ...dispatcher,
    `//# sourceURL=ringkernel:///${encodeURIComponent(module.name)}.js`,
    '',
  ].join('\n');
}

/** Every function is given the instance and the message, so that it can read state, message and fault. */
function functionText(program: Program, fn: IrFunction, name: string): string {
  const text = new FunctionText(program, fn);
  const body = blockLines(text, fn.body, noLoop);
  const parameters = ['self', 'header', ...fn.parameters.map((id) => text.local(id))];
  const head = text.marked({ line: 1, column: 1 }, [
    `function ${name}(${parameters.join(', ')}) {`,
  ]);
  return [...head, ...indent([...text.preamble(), ...body]), '}', ''].join('\n');
}

/** Type ids as signed words: V8 compares those without turning them into doubles. */
function dispatcherText(program: Program, names: readonly string[]): string[] {
  const view = program.views.use('arena', 'i32');
  const cases = program.module.messages.flatMap(({ id }, i) => [
    `case ${id | 0}:`,
    ...indent([`${names[i]}(self, header);`, 'return true;']),
  ]);
  return [
    'return {',
    ...indent([
      'run(self, header) {',
      ...indent([`switch (${view}[(header >>> 2) + 1]) {`, ...indent(cases), '}', 'return false;']),
      '},',
    ]),
    '};',
  ];
}
