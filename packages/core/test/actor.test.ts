import {
  actor,
  array,
  ask,
  DefinitionError,
  describe as describeActor,
  f64,
  hostActor,
  layoutOf,
  messageTypeId,
  RingKernelError,
  ref,
  targetsOf,
  u8,
  u32,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';

function caught(action: () => unknown): RingKernelError {
  try {
    action();
  } catch (error) {
    if (error instanceof RingKernelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Definitions that TypeScript would refuse; what is tested is what JavaScript users meet. */
const define = actor as unknown as (name: unknown, spec: unknown) => unknown;
const defineHost = hostActor as unknown as (name: unknown, spec: unknown) => unknown;

const nothing = (): void => {};
const right = { state: {}, messages: { Go: { n: u32 } }, on: { Go: nothing } };

describe('actor', () => {
  const refused: readonly [string, name: unknown, spec: unknown, code: string, words: string][] = [
    ['a name with a blank', 'My Actor', right, 'RK_ACTOR_NAME', '"My Actor"'],
    ['no name', undefined, right, 'RK_ACTOR_NAME', 'undefined'],
    ['no spec', 'A', undefined, 'RK_ACTOR_SPEC', 'A: wanted an object'],
    ['no state', 'A', { ...right, state: undefined }, 'RK_ACTOR_SPEC', 'A.state'],
    ['no messages', 'A', { ...right, messages: null }, 'RK_ACTOR_SPEC', 'A.messages'],
    ['no handlers', 'A', { ...right, on: undefined }, 'RK_ACTOR_SPEC', 'A.on'],
    ['an unknown option', 'A', { ...right, handlers: {} }, 'RK_ACTOR_SPEC', '"handlers"'],
    ['uses that is not an object', 'A', { ...right, uses: 3 }, 'RK_ACTOR_SPEC', 'A.uses'],
    [
      'a message name with a dash',
      'A',
      { ...right, messages: { 'go-on': {} }, on: { 'go-on': nothing } },
      'RK_ACTOR_NAME',
      'go-on',
    ],
    ['a message without handler', 'A', { ...right, on: {} }, 'RK_ACTOR_HANDLER_MISSING', 'on.Go'],
    [
      'a handler that is not a function',
      'A',
      { ...right, on: { Go: 3 } },
      'RK_ACTOR_HANDLER_MISSING',
      'number 3',
    ],
    [
      'an inherited handler',
      'A',
      { ...right, messages: { toString: {} }, on: {} },
      'RK_ACTOR_HANDLER_MISSING',
      'on.toString',
    ],
    [
      'a handler without message',
      'A',
      { ...right, on: { Go: nothing, Stop: nothing } },
      'RK_ACTOR_HANDLER_UNKNOWN',
      'on.Stop',
    ],
    ['a bad field', 'A', { ...right, state: { n: 'u32' } }, 'RK_SCHEMA_TYPE', 'A.state.n'],
    [
      'a bad field of a message',
      'A',
      { ...right, messages: { Go: { n: 32 } } },
      'RK_SCHEMA_TYPE',
      'A.Go.n',
    ],
    [
      'a payload of 65,544 bytes',
      'A',
      { ...right, messages: { Go: { n: u32, xs: array(f64, 8192) } } },
      'RK_ACTOR_PAYLOAD_SIZE',
      'may have 65536 bytes, found 65544',
    ],
    [
      'a reserved name in an emit',
      'A',
      { ...right, emits: { Done: { id: u32 } } },
      'RK_ACTOR_FIELD_RESERVED',
      'A.Done.id',
    ],
    [
      'a reserved name in a reply',
      'A',
      { ...right, messages: { Go: ask({}, { from: u32 }) } },
      'RK_ACTOR_FIELD_RESERVED',
      'from',
    ],
  ];
  test.each(refused)('refuses %s', (_, name, spec, code, words) => {
    const error = caught(() => define(name, spec));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test('refuses every reserved name where messages are flattened, and only there', () => {
    for (const field of ['type', 'from', 'hlc', 'id', 'correlation', 'priority']) {
      const fields = { [field]: u32 };
      expect(caught(() => define('A', { ...right, emits: { E: fields } })).code).toBe(
        'RK_ACTOR_FIELD_RESERVED',
      );
      expect(() =>
        define('A', { ...right, state: fields, messages: { Go: fields } }),
      ).not.toThrow();
      expect(
        caught(() => defineHost('H', { messages: { Go: fields }, run: async () => {} })).code,
      ).toBe('RK_ACTOR_FIELD_RESERVED');
    }
  });

  test('takes a payload of exactly 65,536 bytes', () => {
    const spec = { ...right, messages: { Go: { xs: array(u8, 65_536) } } };
    expect(() => define('A', spec)).not.toThrow();
  });

  test('finds two messages with one type id', () => {
    // Found by trying names until two hashes met.
    const [one, other] = ['M126wu', 'M1dwfa'];
    const layout = layoutOf({});
    expect(messageTypeId('message', one, layout)).toBe(messageTypeId('message', other, layout));
    const messages = { [one]: {}, [other]: {} };
    const error = caught(() =>
      define('A', { ...right, messages, on: { [one]: nothing, [other]: nothing } }),
    );
    expect(error.code).toBe('RK_ACTOR_ID_COLLISION');
    expect(error.message).toContain(`A.${one} and A.${other}`);
  });

  test('gives a frozen definition that keeps its spec', () => {
    const Go = actor('Go', { state: {}, messages: { Go: {} }, on: { Go() {} } });
    expect([Go.kind, Go.name, Object.isFrozen(Go)]).toEqual(['actor', 'Go', true]);
    expect(describeActor(Go).messages[0]?.layout.size).toBe(0);
  });

  test('says the errors of definitions with one class', () => {
    expect(caught(() => define('', right))).toBeInstanceOf(DefinitionError);
  });
});

describe('hostActor', () => {
  const messages = { Go: { n: u32 } };
  const run = async (): Promise<void> => {};
  const refused: readonly [string, spec: unknown, code: string, words: string][] = [
    ['neither run nor module', { messages }, 'RK_ACTOR_SPEC', '.module'],
    [
      'run and module',
      { messages, run, module: 'file:///a.js', export: 'a' },
      'RK_ACTOR_SPEC',
      'both',
    ],
    ['run that is no function', { messages, run: 'x' }, 'RK_ACTOR_SPEC', '.run'],
    ['a module without export', { messages, module: 'file:///a.js' }, 'RK_ACTOR_SPEC', '.export'],
    ['state', { messages, run, state: {} }, 'RK_ACTOR_SPEC', '"state"'],
  ];
  test.each(refused)('refuses %s', (_, spec, code, words) => {
    const error = caught(() => defineHost('H', spec));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test('is described without a state', () => {
    const module = new URL('file:///a.js');
    const Files = hostActor('Files', {
      messages: { Read: ask({ n: u32 }, {}) },
      module,
      export: 'a',
    });
    expect(Files.kind).toBe('host');
    const { state, messages: described, emits } = describeActor(Files);
    expect([state.size, described[0]?.name, emits.length]).toEqual([0, 'Read', 0]);
  });
});

describe('describe and targetsOf', () => {
  test('name the actor whose target is not defined yet', () => {
    const Early = actor('Early', {
      state: { peer: ref(() => Late) },
      messages: {},
      on: {},
    });
    for (const action of [() => describeActor(Early), () => targetsOf(Early)]) {
      const error = caught(action);
      expect([error.code, error.cause instanceof ReferenceError]).toEqual(['RK_SCHEMA_REF', true]);
    }
    const Late = actor('Late', { state: {}, messages: {}, on: {} });
    expect(describeActor(Early).state.fields[0]?.type).toEqual({ kind: 'ref', actor: 'Late' });
  });

  test('find targets in states, messages, replies and emits', () => {
    const make = (name: string) => actor(name, { state: {}, messages: {}, on: {} });
    const [One, Two, Three, Four] = [make('One'), make('Two'), make('Three'), make('Four')];
    const Hub = actor('Hub', {
      state: {
        ones: array(
          ref(() => One),
          4,
        ),
      },
      messages: { Join: { peer: ref(() => Two) }, Get: ask({}, { peer: ref(() => Three) }) },
      emits: { Joined: { peer: ref(() => Four) } },
      on: { Join() {}, Get() {} },
    });
    const targets = targetsOf(Hub);
    expect([...targets.keys()].sort()).toEqual(['Four', 'One', 'Three', 'Two']);
    expect(targets.get('Three')).toBe(Three);
    const Twice = actor('Twice', {
      state: { a: ref(() => One), b: ref(() => make('One')) },
      messages: {},
      on: {},
    });
    expect(caught(() => targetsOf(Twice)).code).toBe('RK_ACTOR_TARGETS');
  });
});
