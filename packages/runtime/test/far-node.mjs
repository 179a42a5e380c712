// A runtime in a process of its own: connects to the port and key of its arguments, joins, and serves one kernel.
import { once } from 'node:events';
import { connect } from 'node:net';
import { actor, ask, createRuntime, u32, u64 } from '@ringkernel/runtime';
import { LinkIdentity, SecureLink } from '@ringkernel/runtime/link';

const Account = actor('Account', {
  state: { cents: u64, payments: u32 },
  messages: {
    Pay: { cents: u64 },
    Balance: ask({}, { cents: u64, payments: u32 }),
    Break: ask({ code: u32 }, { never: u32 }),
  },
  on: {
    Pay(ctx, m) {
      ctx.state.cents += m.cents;
      ctx.state.payments += 1;
    },
    Balance(ctx) {
      ctx.reply({ cents: ctx.state.cents, payments: ctx.state.payments });
    },
    Break(ctx, m) {
      ctx.fail(m.code);
      ctx.reply({ never: 1 });
    },
  },
});

const [port, key] = process.argv.slice(2);
const identity = LinkIdentity.generate();
console.log(Buffer.from(identity.publicKey).toString('hex'));
const socket = connect(Number(port), '127.0.0.1');
await once(socket, 'connect');
const link = await SecureLink.connect(socket, { identity, peer: Buffer.from(key, 'hex') });
const runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 }, nodeId: 7 });
runtime.tenants.add('acme');
await runtime.launch(Account, { id: 'far/account', instances: 2 });
await runtime.launch(Account, { id: 'far/theirs', tenant: 'acme' });
await runtime.launch(Account, { id: 'far/full', queueCapacity: 1, autoActivate: false });
const peer = await runtime.k2k.join(link);
runtime.k2k.addRoute('near/**', peer);
await peer.ended;
await runtime.close();
