/** Of this package, written by `pnpm version` (scripts/write-version.mjs). What another version has emitted is not used: the interface of emitted text may have changed. */
export const compilerVersion = '0.0.0';
