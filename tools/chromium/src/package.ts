import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const require = createRequire(import.meta.url);

/** Archives of the package, and where in the folder each goes. */
const archives = { fonts: 'fonts', al2023: '.', swiftshader: '.' } as const;

/**
 * The folder of the Chromium in the npm package `@sparticuz/chromium`, with the libraries that it needs and a bare
 * Linux does not have. It is unpacked once for each version: some 200 MB in the folder for temporary files.
 */
export function packagedChromium(): string {
  const root = dirname(dirname(require.resolve('@sparticuz/chromium')));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const folder = join(tmpdir(), `ringkernel-chromium-${version}`);
  if (existsSync(folder)) return folder;
  const fresh = mkdtempSync(`${folder}-`);
  const unpacked = (file: string): Buffer =>
    brotliDecompressSync(readFileSync(join(root, 'bin', `${file}.br`)));
  try {
    for (const [name, into] of Object.entries(archives)) {
      const target = join(fresh, into);
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['-x', '-C', target], { input: unpacked(`${name}.tar`) });
    }
    // Its own configuration names folders of AWS Lambda.
    writeFileSync(join(fresh, 'fonts', 'fonts.conf'), fontsIn(join(folder, 'fonts')));
    writeFileSync(join(fresh, 'chromium'), unpacked('chromium'), { mode: 0o755 });
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been first.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function fontsIn(folder: string): string {
  return `<?xml version="1.0"?>
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${join(folder, 'cache')}</cachedir>
</fontconfig>
`;
}
