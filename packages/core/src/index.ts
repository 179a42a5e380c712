export * from './actor/index.ts';
export * from './backend/contract.ts';
export * from './errors.ts';
export * from './kernel/index.ts';
export * from './layout/index.ts';
export * from './schema/index.ts';
