// `node scripts/run.mjs [FILE ARGS…]`: sets everything up, builds, and runs a built program of this workspace.
import { bootstrap, build, run } from './bootstrap.mjs';

bootstrap();
build();
const [file, ...args] = process.argv.slice(2);
if (file !== undefined) run(process.execPath, [file, ...args]);
