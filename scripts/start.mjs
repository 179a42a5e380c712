// `npm start`: sets everything up, then runs the main job with the options given after `--`.
import { bootstrap, build, run } from './bootstrap.mjs';

bootstrap();
build('@ringkernel/examples...');
run(process.execPath, ['packages/examples/dist/main.js', ...process.argv.slice(2)]);
