export { type Delivery, runScenario, type Scenario, type Trace } from './engine.ts';
export { type FuzzCase, generateCase } from './generate.ts';
export { type FuzzTarget, javaScriptTarget } from './targets.ts';
