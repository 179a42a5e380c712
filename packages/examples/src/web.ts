import { fileURLToPath } from 'node:url';
import { serveFolder } from './web/server.ts';
import { buildSite } from './web/site.ts';

const folder = fileURLToPath(new URL('../build/site', import.meta.url));
await buildSite(folder);
const { url } = await serveFolder(folder, Number(process.env.PORT ?? 8080));
console.log(url);
