export { canonicalText, fnv1a, type MessageRole, messageTypeId } from './canonical.ts';
export { type Codec, codecOf, tableCodecOf } from './codec.ts';
export { SchemaError, type SchemaErrorDetails } from './errors.ts';
export { parseFbs } from './fbs.ts';
export { FbsError } from './fbs-lexer.ts';
export {
  type ArrayType,
  type AskType,
  array,
  ask,
  type ElementType,
  type Fields,
  type FieldType,
  type RefType,
  ref,
  type StructType,
  struct,
} from './fields.ts';
export type {
  Address,
  Decoded,
  FixedArray,
  Message,
  Payload,
  ReadonlyFixedArray,
  Struct,
  TargetKey,
  Value,
} from './infer.ts';
export type { FieldLayout, ScalarName, StructLayout, TypeLayout } from './layout.ts';
export {
  layoutOf,
  maxArrayLength,
  maxDepth,
  maxPayloadBytes,
  maxStructBytes,
  scalarBytes,
} from './layout-of.ts';
export {
  bool,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type ScalarType,
  type ScalarValue,
  u8,
  u16,
  u32,
  u64,
} from './words.ts';
