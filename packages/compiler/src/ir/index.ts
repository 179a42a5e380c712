export type {
  BinaryOperator,
  Expression,
  FaultSite,
  IrFunction,
  IrMessage,
  Local,
  Location,
  MathFunction,
  Module,
  PayloadPart,
  Place,
  PlaceIndex,
  Statement,
  ValueType,
} from './types.ts';
export { validateModule } from './validate.ts';
