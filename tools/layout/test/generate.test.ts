import { readFileSync } from 'node:fs';
import { generate, hashLayout, placeLayout, sharedLayout } from '@ringkernel/layout';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const files = [...generate(sharedLayout)];

describe('generated files', () => {
  it.each(files)('%s is what the description gives', (path, text) => {
    expect(readFileSync(new URL(path, root), 'utf8')).toBe(text);
  });

  it('carry one layout hash', () => {
    const hash = `0x${hashLayout(placeLayout(sharedLayout)).toString(16).padStart(8, '0')}`;
    for (const [, text] of files) expect(text).toContain(hash);
  });
});

describe('layout hash', () => {
  const base = hashLayout(placeLayout(sharedLayout));

  it('changes with the name of a field', () => {
    const rename = (text: string) => JSON.parse(text.replaceAll('"hostTaken"', '"hostSeen"'));
    const structs = rename(JSON.stringify(sharedLayout.structs));
    expect(hashLayout(placeLayout({ ...sharedLayout, structs }))).not.toBe(base);
  });

  it('changes with a struct and with a constant', () => {
    const structs = sharedLayout.structs.slice(0, -1);
    expect(hashLayout(placeLayout({ ...sharedLayout, structs }))).not.toBe(base);
    const constants = sharedLayout.constants.map(({ values, ...group }) => ({
      ...group,
      values: values.map(([name, value, doc]) => [name, value + 1, doc] as const),
    }));
    expect(hashLayout(placeLayout({ ...sharedLayout, constants }))).not.toBe(base);
  });

  it('does not change with the words of a comment', () => {
    const structs = sharedLayout.structs.map((struct) => ({ ...struct, doc: 'other words' }));
    expect(hashLayout(placeLayout({ ...sharedLayout, structs }))).toBe(base);
  });
});
