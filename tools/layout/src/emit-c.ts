import { hashLayout } from './hash.ts';
import type { PlacedField, PlacedLayout, PlacedStruct } from './place.ts';
import { banner, capital, flatConstants, hex, snake } from './words.ts';

const cTypes = { u8: 'uint8_t', u16: 'uint16_t', u32: 'uint32_t', u64: 'uint64_t' } as const;

/** NVRTC has no standard headers, C and C++ spell alignment and assertions differently. */
const prologue = `#ifndef RINGKERNEL_LAYOUT_H
#define RINGKERNEL_LAYOUT_H

#if defined(__CUDACC_RTC__)
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
#define RK_OFFSETOF(type, member) __builtin_offsetof(type, member)
#else
#include <stddef.h>
#include <stdint.h>
#define RK_OFFSETOF(type, member) offsetof(type, member)
#endif

#if defined(__cplusplus)
#define RK_ALIGN(bytes) alignas(bytes)
#define RK_ASSERT(condition) static_assert(condition, #condition)
#else
#define RK_ALIGN(bytes) _Alignas(bytes)
#define RK_ASSERT(condition) _Static_assert(condition, #condition)
#endif
`;

/** A header for C11, C++11 and CUDA. Sizes and offsets are asserted where it is included. */
export function emitC(layout: PlacedLayout): string {
  return [
    `/* ${banner} */`,
    prologue,
    `#define RK_LAYOUT_HASH ${hex(hashLayout(layout))}u`,
    '',
    ...layout.structs.flatMap((struct) => [...emitStruct(struct), '']),
    ...flatConstants(layout).map(([name, value]) => `#define ${name} ${value}u`),
    '',
    '#endif',
    '',
  ].join('\n');
}

export function cStructName(struct: PlacedStruct): string {
  return `Rk${capital(struct.name)}`;
}

function emitStruct(struct: PlacedStruct): readonly string[] {
  const name = cStructName(struct);
  return [
    `/* ${struct.doc} */`,
    `typedef struct ${name} {`,
    ...struct.fields.map((field, index) => {
      const align = index === 0 ? `RK_ALIGN(${struct.alignBytes}) ` : '';
      return `  ${align}${emitField(field)}${field.doc === '' ? '' : ` /* ${field.doc} */`}`;
    }),
    `} ${name};`,
    `RK_ASSERT(sizeof(${name}) == ${struct.sizeBytes});`,
    ...struct.fields.map(
      (field) => `RK_ASSERT(RK_OFFSETOF(${name}, ${snake(field.name)}) == ${field.offset});`,
    ),
  ];
}

function emitField({ name, type, length }: PlacedField): string {
  const typeName = typeof type === 'string' ? cTypes[type] : cStructName(type);
  return `${typeName} ${snake(name)}${length === undefined ? '' : `[${length}]`};`;
}
