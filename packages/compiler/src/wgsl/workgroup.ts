import type { IrFunction, Location, Statement, ValueType } from '../ir/types.ts';
import {
  capturedLocals,
  childLists,
  isSection,
  roundsMayFault,
  type SectionStatement,
} from '../ir/walk.ts';
import { expressionText } from './expression.ts';
import { FunctionText, type ModuleText } from './function-text.ts';
import { typeText, zero } from './literal.ts';
import { reduceParts } from './reduce.ts';
import { statementLines } from './statement.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** What a part of a handler tells the lanes when it returns. */
const exit = { none: 0, return: 1, break: 2, continue: 3 } as const;

/** Whether a list of statements has a section, at any depth. */
export function hasSection(body: readonly Statement[]): boolean {
  return body.some((s) => isSection(s) || childLists(s).some(hasSection));
}

/**
 * A handler with sections, run by a workgroup. What lies between sections becomes parts, functions that lane 0 runs
 * alone; what surrounds sections, ifs and loops, is run by all lanes, which learn from lane 0 where to go. Lanes meet at
 * barriers only there, so that control flow is uniform as WGSL wants it: a value from `workgroupUniformLoad` is.
 *
 * Locals are private to an invocation and outlive the parts. Those of lane 0 count; what the rounds of a section read of
 * them is handed to the other lanes before.
 */
export function workgroupHandler(program: ModuleText, fn: IrFunction, name: string): string {
  return new WorkgroupText(program, fn, name).handler();
}

class WorkgroupText extends FunctionText {
  readonly #name: string;
  readonly #functions: string[] = [];
  /** Loops of the part being written that are within it. */
  #loops = 0;
  #exits = new Set<keyof typeof exit>();
  #parts = 0;
  /** Where the statement is that parts are written for. */
  #at: Location | undefined;

  constructor(program: ModuleText, fn: IrFunction, name: string) {
    super(program, fn);
    this.#name = name;
  }

  handler(): string {
    const body = this.block(() => this.#spread(this.fn.body));
    const locals = this.fn.locals.map(
      ({ id, type }) => `var<private> ${this.local(id)}: ${typeText(type)};`,
    );
    return [...locals, ...this.#functions, `fn ${this.#name}() {`, ...body, '}', ''].join('\n');
  }

  override local(id: number): string {
    return `${this.#name}_${super.local(id)}`;
  }

  override declaration(id: number): string {
    return this.local(id);
  }

  override leave(): string {
    return this.#exit('return');
  }

  override jump(kind: 'break' | 'continue'): string {
    return this.#loops > 0 ? super.jump(kind) : this.#exit(kind);
  }

  override loop(write: () => void): string[] {
    this.#loops++;
    const lines = this.block(write);
    this.#loops--;
    return lines;
  }

  #exit(kind: keyof typeof exit): string {
    this.#exits.add(kind);
    return `return ${exit[kind]}u;`;
  }

  /** A function of the handler; its name. */
  #part(signature: string, write: () => void): string {
    const part = `${this.#name}_p${this.#parts++}`;
    this.forgetMark();
    const lines = this.block(() => {
      this.mark(this.#at);
      write();
    });
    this.forgetMark();
    this.#functions.push(`fn ${part}${signature} {`, ...lines, '}');
    return part;
  }

  /** What lane 0 computes, for all of them: in the workgroup variable `rk_choice`. */
  #choose(write: () => string): string {
    const part = this.#part('() -> u32', () => this.line(`return ${write()};`));
    this.line(`if (rk_lane == 0u) { rk_choice = ${part}(); }`);
    return 'workgroupUniformLoad(&rk_choice)';
  }

  #spread(body: readonly Statement[]): void {
    let alone: Statement[] = [];
    for (const s of body) {
      if (!hasSection([s])) {
        alone.push(s);
        continue;
      }
      this.#alone(alone);
      alone = [];
      this.#together(s);
    }
    this.#alone(alone);
  }

  /** Lane 0 runs these, and says whether they left the handler or a loop around them. */
  #alone(body: readonly Statement[]): void {
    if (body.length === 0) return;
    this.#at = body[0]?.location ?? this.#at;
    this.#exits = new Set();
    const last = body.at(-1)?.kind;
    const leaves = last === 'return' || last === 'break' || last === 'continue' || last === 'fail';
    const part = this.#part('() -> u32', () => {
      statementLines(this, body);
      if (!leaves) this.line(`return ${exit.none}u;`);
    });
    const exits = this.#exits;
    this.line(`if (rk_lane == 0u) { rk_choice = ${part}(); }`);
    if (exits.size === 0) return;
    const choice = this.keep('workgroupUniformLoad(&rk_choice)');
    for (const kind of exits) this.line(`if (${choice} == ${exit[kind]}u) { ${kind}; }`);
  }

  #together(s: Statement): void {
    this.#at = s.location ?? this.#at;
    this.mark(this.#at);
    switch (s.kind) {
      case 'if':
        return this.#if(s);
      case 'loop':
        return this.#loop(s);
      case 'parallel':
        return this.#section(s, () => {
          const round = this.#round(s, s.body, () => {});
          this.line(`for (var i = rk_lane; i < n; i += 64u) { ${round}(i, i); }`);
        });
      case 'reduce':
        return this.#section(s, () => this.#reduce(s));
      case 'scan':
        return this.#section(s, () => this.#scan(s));
      default:
        throw new RangeError(`a ${s.kind} has no sections in it`);
    }
  }

  #if(s: Of<'if'>): void {
    const choice = this.#choose(() => `u32(${expressionText(this, s.condition)})`);
    this.line(`if (${choice} != 0u) {`, ...this.block(() => this.#spread(s.then)));
    if (s.otherwise.length > 0) {
      this.line('} else {', ...this.block(() => this.#spread(s.otherwise)));
    }
    this.line('}');
  }

  #loop(s: Of<'loop'>): void {
    const body = this.block(() => {
      const choice = this.#choose(() => `u32(${expressionText(this, s.condition)})`);
      this.line(`if (${choice} == 0u) { break; }`);
      this.#spread(s.body);
      if (s.step.length === 0) return;
      const step = this.#part('()', () => statementLines(this, s.step));
      this.line(`continuing { if (rk_lane == 0u) { ${step}(); } }`);
    });
    this.line('loop {', ...body, '}');
  }

  /** `run` is written with the number of rounds in `n`. What lane 0 stored is seen by all, and the other way round. */
  #section(s: SectionStatement, run: () => void): void {
    const count = this.#choose(() => {
      const n = this.keep(expressionText(this, s.count));
      return s.count.type === 'i32' ? `u32(max(${n}, 0i))` : n;
    });
    const lines = this.block(() => {
      this.line('storageBarrier();', `let n = ${count};`);
      for (const id of capturedLocals(s)) this.#hand(id);
      run();
      this.line(roundsMayFault(s) ? `${this.library('rk_join')}();` : 'storageBarrier();');
    });
    this.line('{', ...lines, '}');
  }

  /** Gives the other lanes what lane 0 has in a local. */
  #hand(id: number): void {
    const type = this.typeOfLocal(id);
    this.program.handed.add(type);
    const name = this.local(id);
    this.line(`if (rk_lane == 0u) { rk_handed_${type} = ${name}; }`);
    this.line(`${name} = workgroupUniformLoad(&rk_handed_${type});`);
  }

  /** A function that runs one round; its place in the order of all rounds tells which of their faults is the first. */
  #round(s: SectionStatement, body: readonly Statement[], end: () => void): string {
    return this.#part('(round: u32, place: u32)', () => {
      this.line('rk_place = place;', `${this.local(s.index)} = ${s.count.type}(round);`);
      statementLines(this, body);
      end();
      this.line('rk_place = 0xffffffffu;');
    });
  }

  #reduce(s: Of<'reduce'>): void {
    const { start, combine } = reduceParts(this, s);
    const lanes = `rk_lanes_${s.type}`;
    const own = `${lanes}[rk_lane]`;
    const round = this.#round(s, s.body, () => {
      const next = this.keep(expressionText(this, s.value));
      this.line(`${own} = ${combine(own, next)};`);
    });
    const fold = this.#part('(half: u32)', () => {
      this.line(`${own} = ${combine(own, `${lanes}[rk_lane + half]`)};`);
    });
    this.line(
      `${own} = ${start};`,
      `for (var i = rk_lane; i < n; i += 64u) { ${round}(i, i); }`,
      'workgroupBarrier();',
      'for (var half = 32u; half > 0u; half = half >> 1u) {',
      `  if (rk_lane < half) { ${fold}(half); }`,
      '  workgroupBarrier();',
      '}',
      `if (rk_lane == 0u) { ${this.local(s.id)} = ${lanes}[0]; }`,
    );
  }

  #scan(s: Of<'scan'>): void {
    const { combine } = reduceParts(this, { op: 'sum', type: s.type });
    const lanes = `rk_lanes_${s.type}`;
    const own = `${lanes}[rk_lane]`;
    const type = typeText(s.type);
    const body = this.#round(s, s.body, () => {
      const value = this.keep(expressionText(this, s.value));
      this.line(`${own} = ${value};`);
    });
    const add = this.#part(`(a: ${type}, b: ${type}) -> ${type}`, () => {
      this.line(`return ${combine('a', 'b')};`);
    });
    const then = this.#round(s, s.then, () => {});
    // Rounds go in tiles: all the terms of a tile, then all that is done with its sums.
    this.line(
      `var carry: ${type} = ${zero(s.type)};`,
      'for (var first = 0u; first < n; first += 64u) {',
      '  let tile = min(64u, n - first);',
      '  let inside = rk_lane < tile;',
      `  if (inside) { ${body}(first + rk_lane, 2u * first + rk_lane); }`,
      '  workgroupBarrier();',
      '  for (var d = 1u; d < tile; d = d << 1u) {',
      `    var sum = ${zero(s.type)};`,
      '    let reached = inside && rk_lane >= d;',
      `    if (reached) { sum = ${add}(${lanes}[rk_lane - d], ${own}); }`,
      '    workgroupBarrier();',
      `    if (reached) { ${own} = sum; }`,
      '    workgroupBarrier();',
      '  }',
      `  if (inside) { ${own} = ${add}(carry, ${own}); }`,
      '  workgroupBarrier();',
      `  carry = ${lanes}[tile - 1u];`,
      '  if (inside) {',
      `    ${this.local(s.id)} = ${own};`,
      `    ${then}(first + rk_lane, 2u * first + 64u + rk_lane);`,
      '  }',
      '  workgroupBarrier();',
      '}',
    );
  }
}

/** What the workgroup form of a program declares beside its handlers. */
export function workgroupHead(lanes: readonly ValueType[], handed: readonly ValueType[]): string[] {
  return [
    'var<private> rk_lane: u32;',
    '/** Place of the round that this invocation runs in the order of all of its section, or none. */',
    'var<private> rk_place: u32 = 0xffffffffu;',
    'var<workgroup> rk_choice: u32;',
    ...lanes.map((type) => `var<workgroup> rk_lanes_${type}: array<${typeText(type)}, 64>;`),
    ...handed.map((type) => `var<workgroup> rk_handed_${type}: ${typeText(type)};`),
    '',
  ];
}
