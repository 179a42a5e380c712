import { binaryProblem, isWide, isWord, mathProblem, valueTypeOf } from './operators.ts';
import type { Expression, IrFunction, Module, PayloadPart, Place, Statement } from './types.ts';
import {
  childExpressions,
  childLists,
  isSection,
  type SectionStatement,
  statementExpressions,
} from './walk.ts';

/** What is wrong with a module, one sentence each; nothing when every target can run it. */
export function validateModule(module: Module): string[] {
  const problems: string[] = [];
  const ids = new Set<number>();
  const replies = module.messages.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
  for (const { id } of [...module.messages, ...module.emits, ...replies]) {
    if (ids.has(id)) problems.push(`two messages have the id ${id}`);
    ids.add(id);
  }
  if (module.handlers.length !== module.messages.length) {
    const [have, want] = [module.handlers.length, module.messages.length];
    problems.push(`${have} handlers for ${want} messages`);
  }
  const check = (fn: IrFunction, index: number | null, messageBytes: number | null): void => {
    problems.push(...new FunctionCheck(module, fn, index, messageBytes).run());
  };
  for (const [i, fn] of module.functions.entries()) check(fn, i, null);
  for (const [i, fn] of module.handlers.entries()) {
    check(fn, null, module.messages[i]?.layout.size ?? 0);
  }
  return problems;
}

/** Where a statement stands. */
interface Region {
  readonly inLoop: boolean;
  readonly inSection: boolean;
}

class FunctionCheck {
  readonly #problems: string[] = [];
  readonly #module: Module;
  readonly #fn: IrFunction;
  readonly #index: number | null;
  readonly #messageBytes: number | null;
  /** Locals that count the rounds of a section: nothing may assign them. */
  readonly #counters = new Set<number>();

  constructor(module: Module, fn: IrFunction, index: number | null, messageBytes: number | null) {
    this.#module = module;
    this.#fn = fn;
    this.#index = index;
    this.#messageBytes = messageBytes;
  }

  run(): string[] {
    const { locals, parameters, body } = this.#fn;
    if (new Set(locals.map(({ id }) => id)).size !== locals.length) {
      this.#say('two locals have one id');
    }
    for (const id of parameters) this.#typeOf(id);
    this.#list(body, { inLoop: false, inSection: false });
    return this.#problems;
  }

  #say(problem: string): void {
    this.#problems.push(`${this.#fn.name}: ${problem}`);
  }

  #typeOf(id: number): string {
    const local = this.#fn.locals.find((candidate) => candidate.id === id);
    if (local === undefined) this.#say(`there is no local ${id}`);
    return local?.type ?? 'nothing';
  }

  #expect(found: string, wanted: string, what: string): void {
    if (found !== wanted) this.#say(`${what} is ${found}, not ${wanted}`);
  }

  #list(statements: readonly Statement[], region: Region): void {
    for (const s of statements) this.#statement(s, region);
  }

  #statement(s: Statement, region: Region): void {
    statementExpressions(s).forEach((e) => {
      this.#expression(e);
    });
    if (this.#index !== null && hasEffect(s)) this.#say(`a function can't ${s.kind}`);
    switch (s.kind) {
      case 'let':
      case 'assign':
        if (this.#counters.has(s.id)) this.#say(`local ${s.id} counts a section`);
        if (s.value !== null) this.#expect(s.value.type, this.#typeOf(s.id), `local ${s.id}`);
        break;
      case 'store':
        if (s.place.base !== 'state') this.#say(`a ${s.place.base} can't be written`);
        this.#place(s.place);
        this.#expect(s.value.type, valueTypeOf(s.place.storage), 'a stored value');
        if (s.merge !== undefined) this.#merge(s.place, region);
        break;
      case 'copy':
        this.#copy(s, this.#module.state.size);
        break;
      case 'if':
      case 'loop':
        this.#expect(s.condition.type, 'bool', 'a condition');
        break;
      case 'break':
      case 'continue':
        if (!region.inLoop) this.#say(`${s.kind} outside of a loop`);
        break;
      case 'return':
        if (region.inSection) this.#say('return in a parallel section');
        this.#expect(s.value?.type ?? 'nothing', this.#fn.result ?? 'nothing', 'the result');
        break;
      case 'random':
        this.#expect(s.type, this.#typeOf(s.id), 'a draw');
        break;
      case 'parallel':
      case 'reduce':
      case 'scan':
        this.#section(s);
        break;
      case 'fail':
        if (!isWord(s.code.type)) this.#say(`a code is ${s.code.type}`);
        break;
      default:
        this.#output(s);
    }
    const inner = { inLoop: s.kind === 'loop' || (s.kind === 'if' && region.inLoop) };
    const inSection = region.inSection || isSection(s);
    for (const list of childLists(s)) this.#list(list, { ...inner, inSection });
  }

  #merge({ storage }: Place, { inSection }: Region): void {
    if (!inSection) this.#say('a merge outside of a section');
    if (storage !== 'i32' && storage !== 'u32') this.#say(`a merge into ${storage}`);
  }

  #section(s: SectionStatement): void {
    if (!isWord(s.count.type)) this.#say(`a count is ${s.count.type}`);
    this.#expect(this.#typeOf(s.index), s.count.type, 'the index of a section');
    this.#counters.add(s.index);
    if (s.kind === 'parallel') return;
    if (s.type === 'bool') this.#say(`a ${s.kind} of bool`);
    this.#expect(s.value.type, s.type, 'a term');
    this.#expect(this.#typeOf(s.id), s.type, `the result of a ${s.kind}`);
  }

  #output(s: Extract<Statement, { kind: 'send' | 'reply' | 'emit' }>): void {
    if (s.kind === 'send' && !isWord(s.to.type)) this.#say(`an address is ${s.to.type}`);
    for (const part of s.payload) {
      if (part.kind === 'copy') this.#copy(part, s.size);
      else {
        this.#expect(part.value.type, valueTypeOf(part.storage), 'a payload field');
        const bytes = part.storage === 'bool' ? 1 : Number(part.storage.slice(1)) / 8;
        if (part.offset % bytes !== 0) this.#say(`a ${part.storage} at ${part.offset}`);
        if (part.offset + bytes > s.size) this.#say(`a field ends behind byte ${s.size}`);
      }
    }
  }

  #copy(part: Omit<Extract<PayloadPart, { kind: 'copy' }>, 'kind'>, room: number): void {
    const { base, offset } = part.from;
    const source = base === 'state' ? this.#module.state.size : (this.#messageBytes ?? 0);
    if (offset + part.size > source || part.offset + part.size > room) {
      this.#say(
        `a copy of ${part.size} bytes from ${base} ${offset} to ${part.offset} is too long`,
      );
    }
  }

  #expression(e: Expression): void {
    childExpressions(e).forEach((child) => {
      this.#expression(child);
    });
    switch (e.kind) {
      case 'const': {
        const wanted = e.type === 'bool' ? 'boolean' : isWide(e.type) ? 'bigint' : 'number';
        this.#expect(typeof e.value, wanted, `a constant of ${e.type}`);
        break;
      }
      case 'local':
        this.#expect(e.type, this.#typeOf(e.id), `local ${e.id}`);
        break;
      case 'load':
        this.#place(e.place);
        this.#expect(e.type, valueTypeOf(e.place.storage), 'a loaded value');
        break;
      case 'at':
        if (!isWord(e.index.type)) this.#say(`an index is ${e.index.type}`);
        break;
      case 'binary': {
        const problem = binaryProblem(e.op, e.type, e.left.type, e.right.type);
        if (problem !== null) this.#say(problem);
        break;
      }
      case 'unary': {
        const none = e.op === '!' ? e.type !== 'bool' : e.type === 'bool';
        const floating = e.op === '~' && !isWord(e.type) && !isWide(e.type);
        if (none || floating) this.#say(`${e.op} on ${e.type}`);
        this.#expect(e.operand.type, e.type, `the operand of ${e.op}`);
        break;
      }
      case 'select':
        this.#expect(e.condition.type, 'bool', 'a condition');
        this.#expect(e.whenTrue.type, e.type, 'an arm');
        this.#expect(e.whenFalse.type, e.type, 'an arm');
        break;
      case 'math': {
        const types = e.args.map(({ type }) => type);
        const problem = mathProblem(e.fn, e.type, types);
        if (problem !== null) this.#say(problem);
        break;
      }
      case 'call':
        this.#call(e);
    }
  }

  /** Only functions before this one: so there is no recursion. */
  #call(e: Extract<Expression, { kind: 'call' }>): void {
    const callee = this.#module.functions[e.fn];
    if (callee === undefined || (this.#index !== null && e.fn >= this.#index)) {
      this.#say(`function ${e.fn} can't be called`);
      return;
    }
    this.#expect(e.type, callee.result ?? 'nothing', `the result of ${callee.name}`);
    const types = callee.parameters.map((id) => callee.locals.find((l) => l.id === id)?.type);
    this.#expect(e.args.map(({ type }) => type).join(), types.join(), `arguments`);
  }

  #place(place: Place): void {
    const bytes = place.storage === 'bool' ? 1 : Number(place.storage.slice(1)) / 8;
    let end = place.offset + bytes;
    for (const { value, stride, length, site } of place.indices) {
      if (!isWord(value.type)) this.#say(`an index is ${value.type}`);
      if (stride % bytes !== 0) this.#say(`a ${place.storage} every ${stride} bytes`);
      if (this.#module.sites[site] === undefined) this.#say(`there is no site ${site}`);
      end += stride * (length - 1);
    }
    if (place.offset % bytes !== 0) this.#say(`a ${place.storage} at ${place.offset}`);
    const room = this.#roomOf(place, bytes);
    if (room !== null && end > room) {
      this.#say(`${place.path.join('.')} ends at byte ${end} of ${room} of the ${place.base}`);
    }
  }

  /** Null for messages read in a function: it can be called from several handlers. */
  #roomOf({ base, table }: Place, bytes: number): number | null {
    if (base === 'state') return this.#module.state.size;
    if (base === 'message') return this.#messageBytes;
    return (this.#module.tables[table ?? -1]?.values.length ?? 0) * bytes;
  }
}

function hasEffect({ kind }: Statement): boolean {
  const free = ['let', 'assign', 'if', 'loop', 'break', 'continue', 'return'];
  return !free.includes(kind);
}
