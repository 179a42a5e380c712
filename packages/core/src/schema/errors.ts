import { type ErrorDetails, RingKernelError } from '../errors.ts';

/** Where in a value or a schema something was wrong. */
export interface SchemaErrorDetails extends ErrorDetails {
  /** From the root down: `Trade.history[3].price`. */
  readonly path?: string;
  readonly wanted?: string;
  readonly found?: string;
}

/** A schema that can't be laid out, a value that doesn't fit its schema, or bytes that don't. */
export class SchemaError extends RingKernelError {
  readonly path: string | undefined;
  readonly wanted: string | undefined;
  readonly found: string | undefined;

  constructor(code: string, message: string, details: SchemaErrorDetails = {}) {
    super(code, message, details);
    this.path = details.path;
    this.wanted = details.wanted;
    this.found = details.found;
  }
}

/** Says what a value is, short enough for one line of an error message. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'bigint':
      return `bigint ${value}n`;
    case 'string':
      return `string ${JSON.stringify(value.length > 32 ? `${value.slice(0, 32)}…` : value)}`;
    case 'number':
    case 'boolean':
      return `${typeof value} ${Object.is(value, -0) ? '-0' : value}`;
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `an array of ${value.length}`;
      return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`;
    }
    default:
      return `a ${typeof value}`;
  }
}
