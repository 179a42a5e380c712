import { look } from './child.ts';

process.stdout.write(JSON.stringify(look()));
