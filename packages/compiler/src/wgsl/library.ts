import { readWord, type WgslForm } from './abi.ts';
import { joinText, noteText } from './faults.ts';

/** Functions of the generated WGSL; each is written only where it, or one that needs it, is used. */
interface Entry {
  readonly needs?: readonly string[];
  readonly text: string;
}

const u64 = 'vec2<u32>';

function pair(name: string, body: string, needs: readonly string[] = []): [string, Entry] {
  return [name, { needs, text: `fn ${name}(a: ${u64}, b: ${u64}) -> ${u64} { ${body} }` }];
}

function test(name: string, body: string): [string, Entry] {
  return [name, { text: `fn ${name}(a: ${u64}, b: ${u64}) -> bool { ${body} }` }];
}

function shift(name: string, lines: readonly string[]): [string, Entry] {
  const head = `fn ${name}(a: ${u64}, count: u32) -> ${u64} {`;
  const same = '  let n = count & 63u;\n  if (n == 0u) { return a; }';
  return [name, { text: [head, same, ...lines.map((line) => `  ${line}`), '}'].join('\n') }];
}

function memory(form: WgslForm, array: 'states' | 'memory'): [string, Entry][] {
  const load = `rk_${array}_byte`;
  const word = readWord(form, array, 'word + (byte >> 2u)');
  return [
    [
      load,
      {
        text: `fn ${load}(word: u32, byte: u32) -> u32 {
  return (${word} >> ((byte & 3u) * 8u)) & 0xffu;
}`,
      },
    ],
    [
      `rk_${array}_half`,
      {
        text: `fn rk_${array}_half(word: u32, byte: u32) -> u32 {
  return (${word} >> ((byte & 3u) * 8u)) & 0xffffu;
}`,
      },
    ],
  ];
}

/** Where lanes write side by side, each changes its own part of a word and leaves the others alone. */
function narrowStore(form: WgslForm, array: 'states' | 'memory'): [string, Entry][] {
  return (['byte', 'half'] as const).map((size) => {
    const mask = size === 'byte' ? '0xffu' : '0xffffu';
    const name = `rk_${array}_set_${size}`;
    const kept = `~(${mask} << shift)`;
    const set = `((value & ${mask}) << shift)`;
    const change =
      form === 'workgroup' && array === 'states'
        ? `atomicAnd(&rk_states[at], ${kept});\n  atomicOr(&rk_states[at], ${set});`
        : `rk_${array}[at] = (rk_${array}[at] & ${kept}) | ${set};`;
    const text = `fn ${name}(word: u32, byte: u32, value: u32) {
  let at = word + (byte >> 2u);
  let shift = (byte & 3u) * 8u;
  ${change}
}`;
    return [name, { text }];
  });
}

/** Division of magnitudes, bit by bit: quotient in xy, remainder in zw. */
const divide = `fn rk_divide_u64(a: ${u64}, b: ${u64}) -> vec4<u32> {
  if (a.y == 0u && b.y == 0u) { return vec4<u32>(a.x / b.x, 0u, a.x % b.x, 0u); }
  var q = vec2<u32>(0u, 0u);
  var r = vec2<u32>(0u, 0u);
  for (var i = 0u; i < 64u; i++) {
    let bit = 63u - i;
    let carry = r.y >> 31u;
    r = vec2<u32>((r.x << 1u) | (rk_shr_u64(a, bit).x & 1u), (r.y << 1u) | (r.x >> 31u));
    if (carry != 0u || !rk_less_u64(r, b)) {
      r = rk_sub_64(r, b);
      q = q | rk_shl_64(vec2<u32>(1u, 0u), bit);
    }
  }
  return vec4<u32>(q, r);
}`;

const toFloat = `fn rk_f32_u64(a: ${u64}) -> f32 {
  if (a.y == 0u && a.x < 16777216u) { return f32(a.x); }
  let zeros = select(countLeadingZeros(a.y), 32u + countLeadingZeros(a.x), a.y == 0u);
  let n = rk_shl_64(a, zeros);
  let kept = n.y >> 8u;
  let up = (n.y & 0x80u) != 0u && ((n.y & 0x7fu) != 0u || n.x != 0u || (kept & 1u) != 0u);
  return bitcast<f32>(((126u + 64u - zeros) << 23u) + (kept & 0x7fffffu) + u32(up));
}`;

const fromFloat = `fn rk_u64_f32(x: f32) -> ${u64} {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u || (bits >> 31u) != 0u) { return vec2<u32>(0u, 0u); }
  let e = bits >> 23u;
  if (e < 127u) { return vec2<u32>(0u, 0u); }
  if (e >= 191u) { return vec2<u32>(0xffffffffu, 0xffffffffu); }
  let m = vec2<u32>((bits & 0x7fffffu) | 0x800000u, 0u);
  if (e < 150u) { return vec2<u32>(m.x >> (150u - e), 0u); }
  return rk_shl_64(m, e - 150u);
}`;

const signedFromFloat = `fn rk_i64_f32(x: f32) -> ${u64} {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return vec2<u32>(0u, 0u); }
  let m = rk_u64_f32(bitcast<f32>(bits & 0x7fffffffu));
  if ((bits >> 31u) != 0u) {
    if (m.y >= 0x80000000u) { return vec2<u32>(0u, 0x80000000u); }
    return rk_neg_64(m);
  }
  if (m.y >= 0x80000000u) { return vec2<u32>(0xffffffffu, 0x7fffffffu); }
  return m;
}`;

const random = `fn rk_random() -> u32 {
  var x = vec4<u32>(rk_draws, 0u, rk_self, 0u);
  var k = vec2<u32>(rk_params.seed, 0x52696e67u);
  for (var i = 0u; i < 10u; i++) {
    let a = rk_mulhi_u32(0xd2511f53u, x.x);
    let b = rk_mulhi_u32(0xcd9e8d57u, x.z);
    x = vec4<u32>(b ^ x.y ^ k.x, 0xcd9e8d57u * x.z, a ^ x.w ^ k.y, 0xd2511f53u * x.x);
    k = k + vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  rk_draws = rk_draws + 1u;
  return x.x;
}`;

const entries = (form: WgslForm): ReadonlyMap<string, Entry> =>
  new Map<string, Entry>([
    ['rk_opaque', { text: 'fn rk_opaque(bits: u32) -> f32 { return bitcast<f32>(bits); }' }],
    [
      'rk_mulhi_u32',
      {
        text: `fn rk_mulhi_u32(a: u32, b: u32) -> u32 {
  let ll = (a & 0xffffu) * (b & 0xffffu);
  let lh = (a & 0xffffu) * (b >> 16u);
  let hl = (a >> 16u) * (b & 0xffffu);
  let middle = (ll >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (lh >> 16u) + (hl >> 16u) + (middle >> 16u);
}`,
      },
    ],
    [
      'rk_mulhi_i32',
      {
        needs: ['rk_mulhi_u32'],
        text: `fn rk_mulhi_i32(a: i32, b: i32) -> i32 {
  let high = bitcast<i32>(rk_mulhi_u32(bitcast<u32>(a), bitcast<u32>(b)));
  return high - select(0i, b, a < 0i) - select(0i, a, b < 0i);
}`,
      },
    ],
    [
      'rk_rotl_u32',
      {
        text: `fn rk_rotl_u32(x: u32, n: u32) -> u32 {
  return (x << (n & 31u)) | (x >> ((32u - (n & 31u)) & 31u));
}`,
      },
    ],
    [
      'rk_div_u32',
      { text: 'fn rk_div_u32(a: u32, b: u32) -> u32 { if (b == 0u) { return a; } return a / b; }' },
    ],
    [
      'rk_rem_u32',
      {
        text: 'fn rk_rem_u32(a: u32, b: u32) -> u32 { if (b == 0u) { return 0u; } return a % b; }',
      },
    ],
    [
      'rk_div_i32',
      {
        text: `fn rk_div_i32(a: i32, b: i32) -> i32 {
  if (b == 0i) { return a; }
  if (b == -1i) { return 0i - a; }
  return a / b;
}`,
      },
    ],
    [
      'rk_rem_i32',
      {
        text: `fn rk_rem_i32(a: i32, b: i32) -> i32 {
  if (b == 0i || b == -1i) { return 0i; }
  return a % b;
}`,
      },
    ],
    pair('rk_add_64', 'let x = a.x + b.x; return vec2<u32>(x, a.y + b.y + u32(x < a.x));'),
    pair('rk_sub_64', 'return vec2<u32>(a.x - b.x, a.y - b.y - u32(a.x < b.x));'),
    pair(
      'rk_mul_64',
      'return vec2<u32>(a.x * b.x, rk_mulhi_u32(a.x, b.x) + a.x * b.y + a.y * b.x);',
      ['rk_mulhi_u32'],
    ),
    test('rk_less_u64', 'return a.y < b.y || (a.y == b.y && a.x < b.x);'),
    test(
      'rk_less_i64',
      'return bitcast<i32>(a.y) < bitcast<i32>(b.y) || (a.y == b.y && a.x < b.x);',
    ),
    [
      'rk_neg_64',
      {
        needs: ['rk_sub_64'],
        text: `fn rk_neg_64(a: ${u64}) -> ${u64} { return rk_sub_64(vec2<u32>(0u, 0u), a); }`,
      },
    ],
    [
      'rk_abs_i64',
      {
        needs: ['rk_neg_64'],
        text: `fn rk_abs_i64(a: ${u64}) -> ${u64} {
  if ((a.y >> 31u) != 0u) { return rk_neg_64(a); }
  return a;
}`,
      },
    ],
    [
      'rk_widen_i32',
      {
        text: `fn rk_widen_i32(a: i32) -> ${u64} {
  return vec2<u32>(bitcast<u32>(a), bitcast<u32>(a >> 31u));
}`,
      },
    ],
    shift('rk_shl_64', [
      'if (n >= 32u) { return vec2<u32>(0u, a.x << (n - 32u)); }',
      'return vec2<u32>(a.x << n, (a.y << n) | (a.x >> (32u - n)));',
    ]),
    shift('rk_shr_u64', [
      'if (n >= 32u) { return vec2<u32>(a.y >> (n - 32u), 0u); }',
      'return vec2<u32>((a.x >> n) | (a.y << (32u - n)), a.y >> n);',
    ]),
    shift('rk_shr_i64', [
      'let y = bitcast<i32>(a.y);',
      'if (n >= 32u) { return vec2<u32>(bitcast<u32>(y >> (n - 32u)), bitcast<u32>(y >> 31u)); }',
      'return vec2<u32>((a.x >> n) | (a.y << (32u - n)), bitcast<u32>(y >> n));',
    ]),
    [
      'rk_divide_u64',
      { needs: ['rk_less_u64', 'rk_sub_64', 'rk_shl_64', 'rk_shr_u64'], text: divide },
    ],
    pair(
      'rk_div_u64',
      'if (all(b == vec2<u32>(0u, 0u))) { return a; } return rk_divide_u64(a, b).xy;',
      ['rk_divide_u64'],
    ),
    pair(
      'rk_rem_u64',
      'if (all(b == vec2<u32>(0u, 0u))) { return b; } return rk_divide_u64(a, b).zw;',
      ['rk_divide_u64'],
    ),
    pair(
      'rk_div_i64',
      `let q = rk_div_u64(rk_abs_i64(a), rk_abs_i64(b));
  if (all(b == vec2<u32>(0u, 0u))) { return a; }
  if (((a.y ^ b.y) >> 31u) != 0u) { return rk_neg_64(q); }
  return q;`,
      ['rk_abs_i64', 'rk_div_u64', 'rk_neg_64'],
    ),
    pair(
      'rk_rem_i64',
      `let r = rk_rem_u64(rk_abs_i64(a), rk_abs_i64(b));
  if ((a.y >> 31u) != 0u) { return rk_neg_64(r); }
  return r;`,
      ['rk_abs_i64', 'rk_rem_u64', 'rk_neg_64'],
    ),
    ['rk_f32_u64', { needs: ['rk_shl_64'], text: toFloat }],
    [
      'rk_f32_i64',
      {
        needs: ['rk_f32_u64', 'rk_abs_i64'],
        text: `fn rk_f32_i64(a: ${u64}) -> f32 {
  let x = rk_f32_u64(rk_abs_i64(a));
  return select(x, -x, (a.y >> 31u) != 0u);
}`,
      },
    ],
    ['rk_u64_f32', { needs: ['rk_shl_64'], text: fromFloat }],
    ['rk_i64_f32', { needs: ['rk_u64_f32', 'rk_neg_64'], text: signedFromFloat }],
    [
      'rk_u32_f32',
      {
        needs: ['rk_u64_f32'],
        text: `fn rk_u32_f32(x: f32) -> u32 {
  let wide = rk_u64_f32(x);
  return select(wide.x, 0xffffffffu, wide.y != 0u);
}`,
      },
    ],
    [
      'rk_i32_f32',
      {
        needs: ['rk_u32_f32'],
        text: `fn rk_i32_f32(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0i; }
  let m = rk_u32_f32(bitcast<f32>(bits & 0x7fffffffu));
  if ((bits >> 31u) != 0u) { return bitcast<i32>(0u - min(m, 0x80000000u)); }
  return bitcast<i32>(min(m, 0x7fffffffu));
}`,
      },
    ],
    [
      'rk_at',
      {
        text: `fn rk_at(index: u32) -> u32 {
  return select(0xffffffffu, rk_params.base_address + index, index < rk_params.instances);
}`,
      },
    ],
    [
      'rk_now',
      {
        needs: ['rk_add_64', 'rk_shl_64'],
        text: `fn rk_now() -> ${u64} {
  let at = rk_message - 16u;
  let physical = vec2<u32>(rk_memory[at + 8u], rk_memory[at + 9u]);
  return rk_add_64(rk_shl_64(physical, 12u), vec2<u32>(rk_memory[at + 10u], 0u));
}`,
      },
    ],
    ...(['states', 'memory'] as const).flatMap((array) => [
      ...memory(form, array),
      [
        `rk_${array}_wide`,
        {
          text: `fn rk_${array}_wide(at: u32) -> ${u64} {
  return vec2<u32>(${readWord(form, array, 'at')}, ${readWord(form, array, 'at + 1u')});
}`,
        },
      ] as [string, Entry],
    ]),
    ...narrowStore(form, 'states'),
    ...narrowStore(form, 'memory'),
    ['rk_note', { text: noteText }],
    ['rk_join', { needs: ['rk_note'], text: joinText }],
    ['rk_random', { needs: ['rk_mulhi_u32'], text: random }],
  ]);

/** All that there are. */
export function libraryNames(form: WgslForm): string[] {
  return [...entries(form).keys()];
}

/** The named functions and what they need, in a fixed order. */
export function libraryText(used: ReadonlySet<string>, form: WgslForm): string[] {
  const known = entries(form);
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    const entry = known.get(name);
    if (entry === undefined) throw new RangeError(`the library has no function ${name}`);
    all.add(name);
    entry.needs?.forEach(add);
  };
  used.forEach(add);
  return [...known].filter(([name]) => all.has(name)).map(([, { text }]) => `${text}\n`);
}
