import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The two ends of a connection on this machine. */
export async function connected(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await accepted) as [Socket];
  server.close();
  return [client, socket];
}

/** Every frame between two ends goes through `meddle`: what it returns goes on instead. */
export type Meddle = (frame: Buffer, index: number) => readonly Buffer[];

/** Like `connected`, with somebody in between who handles what the first end sends. */
export async function tapped(meddle: Meddle): Promise<readonly [Socket, Socket]> {
  const [a, left] = await connected();
  const [right, b] = await connected();
  let rest = Buffer.alloc(0);
  let index = 0;
  left.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      for (const frame of meddle(Buffer.from(rest.subarray(2, end)), index++)) {
        const head = Buffer.alloc(2);
        head.writeUInt16BE(frame.length);
        right.write(Buffer.concat([head, frame]));
      }
      rest = rest.subarray(end);
    }
  });
  left.on('end', () => right.end());
  right.pipe(left);
  for (const socket of [left, right]) socket.on('error', () => {});
  left.on('close', () => right.destroy());
  right.on('close', () => left.destroy());
  return [a, b];
}
