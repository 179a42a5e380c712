/** Every diagnostic of the front end. docs/diagnostics.md has a section for each; a test keeps both complete. */
export const diagnosticTitles = {
  RK1001: 'the source of a function cannot be read',
  RK1002: 'a handler cannot wait',
  RK1003: 'a handler takes (ctx, message)',
  RK2001: 'types do not mix',
  RK2002: 'a condition must be a bool',
  RK2003: 'an operator does not take this type',
  RK2004: 'a division that means two things',
  RK2005: 'minus on an unsigned value',
  RK2006: 'no such field',
  RK2007: 'an index must be a 32-bit integer',
  RK2008: 'a constant index is out of range',
  RK2009: 'whole division of the wrong sign',
  RK2010: 'a number that is not portable',
  RK2011: 'a shift that JavaScript does otherwise',
  RK2012: 'remainder of fractions',
  RK2013: 'wrong number of arguments',
  RK2014: 'a constant cannot change',
  RK2015: 'a message is read-only',
  RK2016: 'a payload lacks a field',
  RK2017: 'no such message or event',
  RK2018: 'this message expects no reply',
  RK2019: 'a helper must return a value',
  RK2020: 'a constant does not fit its type',
  RK3001: 'this statement is not in the language',
  RK3002: 'this expression is not in the language',
  RK3003: 'no strings, null or regular expressions',
  RK3004: 'this is not a value',
  RK3005: 'a whole array or struct where one value is wanted',
  RK3006: 'indexing what is not an array',
  RK3007: 'not readable on the device',
  RK3009: 'no closures',
  RK3010: 'a captured name could not be read',
  RK3011: 'a captured value of the wrong kind',
  RK3012: 'not callable on the device',
  RK3013: 'a handler cannot allocate',
  RK3014: 'not a portable Math function',
  RK3015: 'no such ctx member',
  RK3016: 'recursion',
  RK3017: 'assignment outside the state and the locals',
  RK3018: 'a payload is written out where it is sent',
  RK3019: 'a message name is a string literal',
  RK3020: 'not inside a parallel section',
  RK3021: 'this pattern is not in the language',
  RK3022: 'a destructured copy of the state',
  RK3024: 'an endless loop',
  RK3025: 'a case falls through',
  RK3026: 'a send option is a literal',
  RK3027: 'a race between parallel iterations',
} as const;

export type DiagnosticCode = keyof typeof diagnosticTitles;

/** Codes of errors that one device has and another has not. */
export const targetTitles = {
  RK4001: 'the target lacks a type',
} as const;

/** Codes of faults at run time; every fault site carries one. */
export const faultTitles = {
  RK5001: 'index out of range',
  RK5003: 'ctx.fail',
} as const;

export type FaultCode = keyof typeof faultTitles;
