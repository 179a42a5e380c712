export * from './actor/index.ts';
export * from './backend/contract.ts';
export * from './errors.ts';
export * from './hlc/index.ts';
export * from './kernel/index.ts';
export * from './layout/index.ts';
export * from './message/index.ts';
export * from './schema/index.ts';
