export type { LinkCipher } from './cipher-state.ts';
export {
  LinkClosedError,
  LinkCorruptedError,
  LinkHandshakeError,
  LinkTruncatedError,
} from './errors.ts';
export { LinkIdentity } from './identity.ts';
export type { AcceptOptions, ConnectOptions } from './options.ts';
export { type LinkStatistics, SecureLink } from './secure-link.ts';
