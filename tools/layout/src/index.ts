export {
  type ConstantGroup,
  type FieldDescription,
  field,
  type LayoutDescription,
  type PaddingDescription,
  type PartDescription,
  padding,
  type ScalarType,
  type StructDescription,
} from './description.ts';
export { cStructName } from './emit-c.ts';
export { generate, sharedLayout } from './generate.ts';
export { hashLayout } from './hash.ts';
export {
  LayoutError,
  type PlacedField,
  type PlacedLayout,
  type PlacedStruct,
  placeLayout,
} from './place.ts';
export { snake } from './words.ts';
