import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const require = createRequire(import.meta.url);

/**
 * The environment of a process that is to find a GPU in software: a Vulkan loader is looked for when a process starts.
 * It is SwiftShader, unless `VK_DRIVER_FILES` names another driver already; in words, why it can't be had.
 */
export function softwareGpu(): Readonly<Record<string, string>> | string {
  if (process.env.VK_DRIVER_FILES !== undefined) return {};
  try {
    const folder = swiftShaderFolder();
    return { LD_LIBRARY_PATH: folder, VK_DRIVER_FILES: join(folder, 'vk_swiftshader_icd.json') };
  } catch (error) {
    return `SwiftShader can't be unpacked: ${(error as Error).message}`;
  }
}

/**
 * The folder of SwiftShader, a Vulkan driver in software, and of its Vulkan loader, out of the npm package
 * `@sparticuz/chromium`. It is unpacked once for each version.
 */
function swiftShaderFolder(): string {
  const archive = join(
    dirname(require.resolve('@sparticuz/chromium')),
    ...['..', 'bin', 'swiftshader.tar.br'],
  );
  const folder = join(tmpdir(), 'ringkernel-swiftshader-153.0.0');
  if (existsSync(folder)) return folder;
  const fresh = mkdtempSync(`${folder}-`);
  try {
    const input = brotliDecompressSync(readFileSync(archive));
    execFileSync('tar', ['-x', '-C', fresh], { input });
    renameSync(fresh, folder);
  } catch (error) {
    // Another process may have been first.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
