// Runs the actor with a file of compiled ones: node main.mjs FILE OPTIONS-JSON
import inspector from 'node:inspector';
import { createRuntime } from '@ringkernel/runtime';
import { Adder } from './actors.mjs';

const [, , compiled, options = '{}'] = process.argv;

function loadsParser() {
  if (process.permission !== undefined) return null;
  const session = new inspector.Session();
  session.connect();
  let found = false;
  session.on('Debugger.scriptParsed', ({ params }) => {
    found ||= params.url.includes('/acorn/');
  });
  session.post('Debugger.enable');
  session.disconnect();
  return found;
}

const warnings = [];
process.on('warning', ({ code, message }) => {
  if (code?.startsWith('RK_')) warnings.push({ code, message });
});
const runtime = await createRuntime({ backend: 'cpu', compiled, ...JSON.parse(options) });
try {
  const adder = await runtime.launch(Adder, { id: 'adder' });
  await adder.send('Add', { by: 5 });
  const { sum, wide } = await adder.call('Get', {});
  console.log(JSON.stringify({ sum, wide: String(wide), parser: loadsParser(), warnings }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
} finally {
  await runtime.close();
}
