import { Ledger } from '../actors.ts';
import { type CaseList, caseList } from '../case.ts';

export const registry: CaseList = caseList('registry');

registry.add('who is found by a name is who gets the message', async (t) => {
  const runtime = await t.runtime();
  const ledgers = await runtime.launch(Ledger, { id: 'ledgers', instances: 70, tags: ['books'] });
  runtime.registry.register('books/tea', ledgers.at(69), { tags: ['food'] });
  await runtime.registry.lookup('books/tea', Ledger).send('Enter', { value: 3 });
  await runtime.registry.lookup('ledgers', Ledger).send('Enter', { value: 4 });
  await runtime.settled();
  t.equal((await ledgers.at(69).readState()).sum, 3, 'the instance');
  t.equal((await ledgers.at(0).readState()).sum, 4, 'the kernel');
  const names = (query: object) => runtime.registry.find(query).map(({ name }) => name);
  t.equal(names({ pattern: 'books/*' }), ['books/tea'], 'by pattern');
  t.equal(names({ tags: ['books'] }), ['ledgers'], 'by tag');
});

registry.add('names live as long as their kernel', async (t) => {
  const runtime = await t.runtime();
  const seen: string[] = [];
  const watch = runtime.registry.watch({ pattern: 'r/**' });
  const watching = (async () => {
    for await (const { kind, name } of watch) seen.push(`${kind} ${name}`);
  })();
  const first = await runtime.launch(Ledger, { id: 'r/first' });
  const second = await runtime.launch(Ledger, { id: 'r/second' });
  runtime.registry.register('r/also/second', second);
  await second.terminate();
  const taken = await runtime.launch(Ledger, { id: 'r/first' }).catch((error) => error.code);
  t.equal(taken, 'RK_KERNEL_ALREADY_EXISTS', 'a taken id');
  t.equal(runtime.registry.names, ['r/first'], 'names');
  const again = await runtime.launch(Ledger, { id: 'r/second' });
  t.ok(again.address !== second.address, 'addresses are given once');
  await t.until('six events', () => seen.length === 6);
  const added = ['added r/first', 'added r/second', 'added r/also/second'];
  t.equal(seen.slice(0, 3), added, 'added');
  t.equal(seen.slice(3, 5).toSorted(), ['removed r/also/second', 'removed r/second'], 'removed');
  t.equal(seen[5], 'added r/second', 'launched again');
  await watch.return?.();
  await watching;
  await first.terminate();
});
