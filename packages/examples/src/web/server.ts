import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.csv': 'text/csv; charset=utf-8',
};

/** The files of a folder over HTTP, on loopback only. */
export interface FileServer {
  /** `http://127.0.0.1:40123/` */
  readonly url: string;
  close(): void;
}

/** `port` 0 is any that is free. */
export async function serveFolder(folder: string, port: number): Promise<FileServer> {
  const server = createServer(async ({ url = '/' }, response) => {
    // A path has no `..` left once its URL is parsed, and it stays encoded.
    const path = new URL(url, 'http://host').pathname;
    const name = path === '/' ? '/index.html' : path;
    try {
      const content = await readFile(join(folder, name));
      const type = types[extname(name)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type }).end(content);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
