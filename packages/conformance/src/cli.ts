#!/usr/bin/env node
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { BackendFactory } from '@ringkernel/core';
import { runConformance } from './run.ts';
import type { Suite } from './suite.ts';

const usage = `conformance --backend NAME|PACKAGE|FILE [--device ID] [--group G] [--only TEXT] [--options JSON] [--suite PACKAGE|FILE …] [--simulated] [--json]

Runs the conformance suite on a backend: cpu, webgpu, cuda (as @ringkernel/backend-NAME), any other package, or a
module file that exports \`backend\`. --options goes to the backend as its backendOptions. --simulated takes what the
package exports as \`simulatedBackend\`: the same without the hardware. --suite adds the cases of a module that exports
\`suite\`; @ringkernel/runtime/conformance has those of routing, topics, the registry, tenants and recovery.`;

/** A module, found from where the user is, as if their own code imported it. */
async function load(specifier: string): Promise<unknown> {
  const require = createRequire(join(process.cwd(), 'package.json'));
  return await import(pathToFileURL(require.resolve(specifier)).href);
}

async function loadSuite(specifier: string): Promise<Suite> {
  const { suite } = (await load(specifier)) as { suite?: Suite };
  if (suite === undefined) throw new Error(`${specifier} exports no 'suite'`);
  return suite;
}

async function loadBackend(name: string, simulated: boolean): Promise<BackendFactory> {
  const specifier = ['cpu', 'webgpu', 'cuda'].includes(name) ? `@ringkernel/backend-${name}` : name;
  const module = (await load(specifier)) as {
    backend?: BackendFactory;
    simulatedBackend?: BackendFactory;
  };
  const wanted = simulated ? 'simulatedBackend' : 'backend';
  const factory = module[wanted];
  if (factory === undefined) throw new Error(`${specifier} exports no '${wanted}'`);
  return factory;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      backend: { type: 'string' },
      device: { type: 'string' },
      group: { type: 'string' },
      only: { type: 'string' },
      options: { type: 'string' },
      suite: { type: 'string', multiple: true, default: [] },
      simulated: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.backend === undefined) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const factory = await loadBackend(values.backend, values.simulated);
  const suites = await Promise.all(values.suite.map(loadSuite));
  const report = await runConformance(factory, {
    suites,
    ...(values.group !== undefined && { group: values.group }),
    ...(values.only !== undefined && { only: values.only }),
    device: {
      ...(values.device !== undefined && { deviceId: values.device }),
      ...(values.options !== undefined && { backendOptions: JSON.parse(values.options) }),
    },
    onOutcome: ({ group, name, result, reason }) => {
      const mark = { passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[result];
      console.log(`${mark} ${group}: ${name}${reason === undefined ? '' : `\n        ${reason}`}`);
    },
  });
  const { backend, device, passed, failed, skipped, groups } = report;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (values.json)
    console.log(JSON.stringify({ backend, device, passed, failed, skipped, groups }));
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Ends here, whatever a device that hangs still holds. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code));
}

try {
  end(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  end(2);
}
