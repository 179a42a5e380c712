import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const require = createRequire(import.meta.url);

/**
 * The folder of SwiftShader, a Vulkan driver in software, and of its Vulkan loader, out of the npm package
 * `@sparticuz/chromium`. It is unpacked once for each version.
 */
export function swiftShaderFolder(): string {
  const archive = join(
    dirname(require.resolve('@sparticuz/chromium')),
    ...['..', 'bin', 'swiftshader.tar.br'],
  );
  const folder = join(tmpdir(), 'ringkernel-swiftshader-153.0.0');
  if (existsSync(folder)) return folder;
  const fresh = mkdtempSync(`${folder}-`);
  execFileSync('tar', ['-x', '-C', fresh], { input: brotliDecompressSync(readFileSync(archive)) });
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another process was first.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
