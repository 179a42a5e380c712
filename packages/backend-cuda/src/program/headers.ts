import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutText } from '../layout/device.ts';
import { packageFolder } from '../native/load.ts';

let texts: ReadonlyMap<string, string> | null = null;

/** What every program is compiled with, by name. The simulation has one header more. */
export function deviceHeaders(): ReadonlyMap<string, string> {
  texts ??= readHeaders();
  return texts;
}

function readHeaders(): ReadonlyMap<string, string> {
  const all = new Map([['rk_layout.h', layoutText()]]);
  const folders = [join(packageFolder, 'device'), join(packageFolder, 'sim')];
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter((file) => /^rk_.*\.h$/u.test(file))) {
      all.set(name, readFileSync(join(folder, name), 'utf8'));
    }
  }
  return all;
}
