// `node scripts/run.mjs [FILE ARGS…]`: sets everything up, builds, and runs a built program of this workspace.
import { bootstrap, build, run, useSwiftShader } from './bootstrap.mjs';

bootstrap();
build();
const [file, ...args] = process.argv.slice(2);
if (args.includes('webgpu') && args.includes('--simulated')) await useSwiftShader();
if (file !== undefined) run(process.execPath, [file, ...args]);
