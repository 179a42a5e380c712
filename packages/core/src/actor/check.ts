import { messageTypeId } from '../schema/canonical.ts';
import { describeValue } from '../schema/errors.ts';
import type { AskType, Fields } from '../schema/fields.ts';
import { draftLayout, isName, maxPayloadBytes } from '../schema/layout-of.ts';
import { DefinitionError } from './errors.ts';

/** Names beside which the fields of a received message are put, so no field may have them. */
const reservedFields: readonly string[] = Object.freeze([
  'type',
  'from',
  'hlc',
  'id',
  'correlation',
  'priority',
]);

type Loose = Readonly<Record<string, unknown>>;

function refuse(code: string, message: string, hint?: string): never {
  throw new DefinitionError(code, message, hint === undefined ? {} : { hint });
}

// biome-ignore lint/suspicious/noExplicitAny: `MessageSpec` says the same.
export function isAsk(message: unknown): message is AskType<any, any> {
  // A field named `kind` holds a schema word, never this string.
  return Object(message).kind === 'ask';
}

function checkRecord(value: unknown, where: string): asserts value is Loose {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse('RK_ACTOR_SPEC', `${where}: wanted an object, found ${describeValue(value)}`);
  }
}

function checkName(name: unknown, what: string, where: string): void {
  if (isName(name)) return;
  refuse(
    'RK_ACTOR_NAME',
    `${where}: wanted ${what} of letters, digits and _, found ${describeValue(name)}`,
  );
}

function checkKnownKeys(name: string, spec: Loose, known: readonly string[]): void {
  for (const key of Object.keys(spec)) {
    if (known.includes(key)) continue;
    refuse('RK_ACTOR_SPEC', `${name}: wanted ${known.join(', ')}, found "${key}"`);
  }
}

/** All type ids of one definition, to find two messages with the same one. */
type Ids = Map<number, string>;

function checkPayload(
  role: 'message' | 'reply' | 'emit',
  path: string,
  name: string,
  fields: Fields,
  ids: Ids,
): void {
  const layout = draftLayout(fields, path);
  if (layout.size > maxPayloadBytes) {
    refuse(
      'RK_ACTOR_PAYLOAD_SIZE',
      `${path}: a payload may have ${maxPayloadBytes} bytes, found ${layout.size}`,
      'send larger data in parts',
    );
  }
  const id = messageTypeId(role, name, layout);
  const other = ids.get(id);
  if (other !== undefined) {
    const found = `0x${id.toString(16)} for ${other} and ${path}`;
    refuse('RK_ACTOR_ID_COLLISION', `wanted type ids that differ, found ${found}`, 'rename one');
  }
  ids.set(id, path);
}

function checkReserved(path: string, fields: object): void {
  for (const field of Object.keys(fields)) {
    if (!reservedFields.includes(field)) continue;
    refuse(
      'RK_ACTOR_FIELD_RESERVED',
      `${path}.${field}: wanted a field name other than ${reservedFields.join(', ')}`,
      'received messages carry these beside their fields; rename the field',
    );
  }
}

/** `flat`: messages are received by user code as flat objects, so their fields can't have reserved names. */
function checkMessages(name: string, spec: Loose, flat: boolean): void {
  const ids: Ids = new Map();
  checkRecord(spec.messages, `${name}.messages`);
  for (const [message, fields] of Object.entries(spec.messages)) {
    const path = `${name}.${message}`;
    checkName(message, 'a message name', path);
    const request = isAsk(fields) ? fields.request : (fields as Fields);
    checkRecord(request, path);
    if (flat) checkReserved(path, request);
    checkPayload('message', path, message, request as Fields, ids);
    if (!isAsk(fields)) continue;
    const replyPath = `${path} (reply)`;
    checkRecord(fields.reply, replyPath);
    checkReserved(replyPath, fields.reply);
    checkPayload('reply', replyPath, message, fields.reply as Fields, ids);
  }
  if (spec.emits === undefined) return;
  checkRecord(spec.emits, `${name}.emits`);
  for (const [event, fields] of Object.entries(spec.emits)) {
    const path = `${name}.${event}`;
    checkName(event, 'an event name', path);
    checkRecord(fields, path);
    checkReserved(path, fields);
    checkPayload('emit', path, event, fields as Fields, ids);
  }
}

function checkHandlers(name: string, messages: Loose, on: unknown): void {
  checkRecord(on, `${name}.on`);
  for (const message of Object.keys(messages)) {
    if (!Object.hasOwn(on, message)) {
      refuse('RK_ACTOR_HANDLER_MISSING', `${name}: wanted a handler on.${message}, found none`);
    }
    if (typeof on[message] !== 'function') {
      const found = describeValue(on[message]);
      refuse(
        'RK_ACTOR_HANDLER_MISSING',
        `${name}: wanted a function on.${message}, found ${found}`,
      );
    }
  }
  for (const handler of Object.keys(on)) {
    if (Object.hasOwn(messages, handler)) continue;
    const found = `a handler on.${handler} without a message`;
    const wanted = Object.keys(messages).join(', ') || 'no handlers';
    refuse('RK_ACTOR_HANDLER_UNKNOWN', `${name}: wanted ${wanted}, found ${found}`);
  }
}

/** Checks the spec of `actor`. */
export function checkActor(name: unknown, spec: unknown): void {
  checkName(name, 'an actor name', 'actor');
  const path = name as string;
  checkRecord(spec, path);
  checkKnownKeys(path, spec, ['state', 'messages', 'emits', 'uses', 'on']);
  checkRecord(spec.state, `${path}.state`);
  draftLayout(spec.state as Fields, `${path}.state`);
  checkMessages(path, spec, false);
  checkHandlers(path, spec.messages as Loose, spec.on);
  if (spec.uses !== undefined) checkRecord(spec.uses, `${path}.uses`);
}

/** Checks the spec of `hostActor`. */
export function checkHostActor(name: unknown, spec: unknown): void {
  checkName(name, 'an actor name', 'hostActor');
  const path = name as string;
  checkRecord(spec, path);
  checkKnownKeys(path, spec, ['messages', 'emits', 'run', 'module', 'export']);
  checkMessages(path, spec, true);
  const { run, module, export: exported } = spec;
  if (run !== undefined) {
    if (typeof run !== 'function') {
      refuse('RK_ACTOR_SPEC', `${path}.run: wanted a function, found ${describeValue(run)}`);
    }
    if (module !== undefined || exported !== undefined) {
      refuse('RK_ACTOR_SPEC', `${path}: wanted run, or module and export, found both`);
    }
    return;
  }
  if (typeof module !== 'string' && !(module instanceof URL)) {
    const found = describeValue(module);
    refuse('RK_ACTOR_SPEC', `${path}.module: wanted a URL or its text (or run), found ${found}`);
  }
  if (typeof exported !== 'string' || exported === '') {
    refuse('RK_ACTOR_SPEC', `${path}.export: wanted a name, found ${describeValue(exported)}`);
  }
}
