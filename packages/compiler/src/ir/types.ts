import type { ScalarName, StructLayout } from '@ringkernel/core';

/**
 * The IR is a typed, structured tree. Expressions are pure; every effect (assignment, send, random draw, fault)
 * is a statement, in the order JavaScript would do it. A module is plain data: it can be cloned to a worker,
 * written to disk, interpreted, or emitted as JavaScript, WebAssembly, WGSL or CUDA C++.
 */

/** The types a value can have while a handler runs. */
export type ValueType = 'bool' | 'i32' | 'u32' | 'f32' | 'f64' | 'i64' | 'u64';

/** How a scalar lies in memory. An `f16` is a u16 here: the front end converts it in functions of its own. */
export type Storage = Exclude<ScalarName, 'f16'>;

/** 1-based line and column in the handler's own text. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

/**
 * A scalar in memory. Its byte offset is `offset + Σ index · stride`. What is stored narrower than 32 bits is
 * widened on load (u8, u16 → u32; i8, i16 → i32; bool → bool) and truncated on store.
 */
export interface Place {
  readonly base: 'state' | 'message' | 'table';
  /** For `table`: index into `Module.tables`. */
  readonly table?: number;
  /** As the user wrote it, for readable output: `['history', '[]', 'price']`. */
  readonly path: readonly string[];
  readonly storage: Storage;
  /** Bytes from the start of the state, the payload or the table. */
  readonly offset: number;
  readonly indices: readonly PlaceIndex[];
}

export interface PlaceIndex {
  /** i32 or u32. As unsigned it must be below `length`, or the access faults at `site`. */
  readonly value: Expression;
  readonly stride: number;
  readonly length: number;
  /** Proven in range: no check is needed. */
  safe: boolean;
  readonly site: number;
}

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&&'
  | '||';

/** Class A/B functions are exact; sin … tanh are class C: within a stated tolerance (docs/language.md). */
export type MathFunction =
  | 'abs'
  | 'min'
  | 'max'
  | 'clz'
  | 'mulhi'
  | 'rotl'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'exp'
  | 'exp2'
  | 'log'
  | 'log2'
  | 'tanh'
  | 'atan2'
  | 'pow';

/**
 * Semantics, the same on every target:
 * - i32, u32, i64, u64 `+ - *` wrap; `x / 0` is x, `x % 0` is 0; MIN / -1 is MIN, MIN % -1 is 0;
 * - shifts use the count modulo the width, `>>` is arithmetic on signed and logical on unsigned types; the count is
 *   u32 (or the operand's own type for 64 bits);
 * - f32 rounds after every operation, f64 is the host's double;
 * - `convert` float → integer truncates and saturates, NaN is 0; integer → integer keeps the low bits (sign-extending
 *   from a signed source); → bool is `!= 0`; bool → number is 0 or 1;
 * - `min` is `a < b ? a : b`, `max` is `a < b ? b : a`; `&&` and `||` do not evaluate the right side needlessly;
 * - floats have no `%`, 64-bit types no `clz`, `mulhi`, `rotl`; the count of `rotl` is u32;
 * - a load whose index is out of range is 0 and a fault, a store does nothing and is a fault; the handler goes on. All
 *   indices are evaluated, left to right, before the first is checked; a store evaluates its value before that too;
 * - functions have no effects: they declare, assign, branch, loop, load (and so may fault), call and return.
 */
export type Expression =
  | { readonly kind: 'const'; type: ValueType; value: number | bigint | boolean }
  | { readonly kind: 'local'; type: ValueType; readonly id: number }
  | { readonly kind: 'load'; type: ValueType; readonly place: Place }
  /** Addresses (u32): this instance, the sender of the message, instance `index` of this kernel. */
  | { readonly kind: 'self' | 'sender' | 'index' | 'instances'; type: 'u32' }
  /** Of an index that is no instance: 0xffffffff, which is nobody's address. */
  | { readonly kind: 'at'; type: 'u32'; readonly index: Expression }
  /** Stamp of the message being handled: (microseconds << 12) + logical, as u64. */
  | { readonly kind: 'now'; type: 'u64' }
  | {
      readonly kind: 'binary';
      type: ValueType;
      readonly op: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'unary';
      type: ValueType;
      readonly op: '-' | '!' | '~';
      readonly operand: Expression;
    }
  | {
      readonly kind: 'select';
      type: ValueType;
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | { readonly kind: 'convert'; type: ValueType; readonly operand: Expression }
  | {
      readonly kind: 'math';
      type: ValueType;
      readonly fn: MathFunction;
      readonly args: readonly Expression[];
    }
  | {
      readonly kind: 'call';
      type: ValueType;
      readonly fn: number;
      readonly args: readonly Expression[];
    };

/** How rounds of a section merge into one scalar; `+` is also `-`. */
export type MergeOperator = '+' | '&' | '|' | '^';

/** One scalar of an outgoing payload, or a run of bytes copied from a place (whole arrays and structs). */
export type PayloadPart =
  | {
      readonly kind: 'scalar';
      readonly offset: number;
      readonly storage: Storage;
      readonly value: Expression;
    }
  | {
      readonly kind: 'copy';
      readonly offset: number;
      readonly size: number;
      readonly from: { readonly base: 'state' | 'message'; readonly offset: number };
    };

export type Statement = { readonly location?: Location } & (
  | { readonly kind: 'let'; readonly id: number; readonly value: Expression | null }
  | { readonly kind: 'assign'; readonly id: number; readonly value: Expression }
  /**
   * With `merge`, which only stands in a section: other rounds may merge into the same scalar, which is an i32 or u32
   * and not read otherwise. `value` is the load of the place, or that load `+ - & | ^` an operand; a target that runs
   * rounds at the same time makes load and store one atomic operation. In order of the index it is a plain store.
   */
  | {
      readonly kind: 'store';
      readonly place: Place;
      readonly value: Expression;
      readonly merge?: MergeOperator;
    }
  /** Copies a whole array or struct within the state, or from the message into the state. */
  | {
      readonly kind: 'copy';
      readonly offset: number;
      readonly size: number;
      readonly from: { readonly base: 'state' | 'message'; readonly offset: number };
    }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  /** `while (condition) { body; step }`; `continue` goes to the step. */
  | {
      readonly kind: 'loop';
      readonly condition: Expression;
      readonly body: readonly Statement[];
      readonly step: readonly Statement[];
    }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'return'; readonly value: Expression | null }
  | {
      readonly kind: 'send';
      readonly to: Expression;
      readonly message: number; // type id
      readonly size: number;
      readonly priority: 0 | 1 | 2 | 3;
      readonly payload: readonly PayloadPart[];
    }
  | {
      readonly kind: 'reply';
      readonly message: number;
      readonly size: number;
      readonly payload: readonly PayloadPart[];
    }
  | {
      readonly kind: 'emit';
      readonly message: number;
      readonly size: number;
      readonly payload: readonly PayloadPart[];
    }
  /** A Philox draw into a local: u32, or f32 in [0, 1) from its upper 24 bits. */
  | { readonly kind: 'random'; readonly id: number; readonly type: 'u32' | 'f32' }
  /** Iterations run at once on a GPU; here and in the interpreter in order of i. `index` has the type of `count`. */
  | {
      readonly kind: 'parallel';
      readonly count: Expression;
      readonly index: number;
      readonly body: readonly Statement[];
    }
  /**
   * A reduction over 64 lanes and a tree, so that f32 results agree everywhere: lane `i & 63` takes its values in
   * order of i, then lane q takes lane q + 32, q + 16, … A lane starts at 0 for sum, and for min and max at the end of
   * the type's range (±infinity for floats) that gives way to any value.
   */
  | {
      readonly kind: 'reduce';
      readonly op: 'sum' | 'min' | 'max';
      readonly id: number;
      readonly type: ValueType;
      readonly count: Expression;
      readonly index: number;
      readonly body: readonly Statement[];
      readonly value: Expression;
    }
  /**
   * Inclusive prefix sums in tiles of 64, so that f32 results agree everywhere. A tile is the next min(64, what is
   * left) indices; lane q is its index first + q. Of each tile, in this order: every lane runs `body` and takes
   * `value`; for d = 1, 2, 4, 8, 16, 32 every lane q >= d becomes lane[q - d] + lane[q], all at once; every lane
   * becomes carry + lane, where carry is 0 in the first tile, later the last lane of the tile before; every lane
   * runs `then`, with its sum in local `id`. Where lanes are run one after the other, it is in order of the index.
   */
  | {
      readonly kind: 'scan';
      readonly id: number;
      readonly type: ValueType;
      readonly count: Expression;
      readonly index: number;
      readonly body: readonly Statement[];
      readonly value: Expression;
      readonly then: readonly Statement[];
    }
  /** Records the fault and leaves the handler. */
  | { readonly kind: 'fail'; readonly code: Expression; readonly site: number }
);

export interface Local {
  readonly id: number;
  readonly name: string;
  type: ValueType;
}

export interface IrFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  /** null: a handler. */
  readonly result: ValueType | null;
  readonly locals: readonly Local[];
  readonly body: readonly Statement[];
}

export interface IrMessage {
  readonly name: string;
  readonly id: number;
  readonly layout: StructLayout;
  readonly reply?: { readonly id: number; readonly layout: StructLayout };
}

/** Where a fault can happen, told to the user as file:line:column. Site 0 is none. */
export interface FaultSite {
  readonly code: string;
  readonly at: string;
}

export interface Module {
  readonly name: string;
  readonly state: StructLayout;
  readonly messages: readonly IrMessage[];
  readonly emits: readonly IrMessage[];
  /** `handlers[i]` handles `messages[i]`. */
  readonly handlers: readonly IrFunction[];
  readonly functions: readonly IrFunction[];
  readonly tables: readonly {
    readonly name: string;
    readonly storage: Storage;
    readonly values: readonly (number | bigint)[];
  }[];
  readonly sites: readonly FaultSite[];
  /** Of `f64`, `parallel`: what a device must offer to run it. */
  readonly requires: readonly string[];
}
