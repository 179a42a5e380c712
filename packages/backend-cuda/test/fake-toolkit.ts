import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = process.env.PATH;

/**
 * Fills a folder with these compilers, which make libraries for the simulated driver. `before` is a line of shell that
 * comes before the compilation of `$source`.
 */
export function fakeToolkit(bin: string, names: readonly string[], before = ':'): string {
  for (const name of names) {
    const file = join(bin, name);
    writeFileSync(
      file,
      `#!/bin/sh
PATH='${path}'
case "$1" in
  --version) echo '${name} version 1.0, release 1.0'; exit;;
  --print-targets) echo '  nvptx64 - NVIDIA PTX 64-bit'; exit;;
esac
while [ $# -gt 0 ]; do
  case "$1" in -o) out="$2"; shift;; -I*) include="$1";; *.cu) source="$1";; esac
  shift
done
library=$(mktemp '${bin}/XXXXXX.so')
${before}
g++ -std=c++17 -w -fPIC -shared -fvisibility=hidden -ffp-contract=off -fno-strict-aliasing \\
  "$include" -x c++ "$source" -o "$library" || exit 1
printf 'RKSIM:%s' "$library" > "$out"
`,
    );
    chmodSync(file, 0o755);
  }
  return bin;
}
