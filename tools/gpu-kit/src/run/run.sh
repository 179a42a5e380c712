#!/bin/sh
# Unpacks the kit beside this file, once, and runs it: nothing but tar and gzip is needed. --help tells the options.
set -eu
export PATH  # where the environment has none, the shell's own: compilers look for their parts there
here=$(cd "$(dirname "$0")" && pwd)
kit=${RK_KIT_FOLDER:-$here/unpacked}
if [ ! -x "$kit/node" ]; then
  rm -rf "$kit.part"
  mkdir -p "$kit.part"
  tar -xzf "$here/payload.tar.gz" -C "$kit.part"
  mv "$kit.part" "$kit"
fi
exec "$kit/node" "$kit/tools/gpu-kit/dist/run/main.js" "$@"
