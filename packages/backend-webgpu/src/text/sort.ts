import { header, hopsMask } from './layout.ts';

/**
 * Orders what arrived by origin, then by sequence: a merge of the runs that are there already. The list
 * comes with the newest first, so it is turned round before; one sender's messages then are one run.
 */
export const sort: string = `/** Who put the message where it is: 0, the host, also when it did so in the name of its source. */
fn rk_origin(at: u32) -> u32 {
  return select(rk_memory[at + ${header.source}u], 0u, (rk_memory[at + ${header.packed}u] & ${hopsMask}u) != 0u);
}

fn rk_before(a: u32, b: u32) -> bool {
  let x = rk_origin(a);
  let y = rk_origin(b);
  if (x != y) { return x < y; }
  return bitcast<i32>(rk_memory[a + ${header.sequence}u] - rk_memory[b + ${header.sequence}u]) < 0i;
}

fn rk_turned(list: u32) -> u32 {
  var turned = 0u;
  var at = list;
  while (at != 0u) {
    let next = rk_link(at);
    rk_set_link(at, turned);
    turned = at;
    at = next;
  }
  return turned;
}

/** The last message of the run that begins there. */
fn rk_run_end(start: u32) -> u32 {
  var at = start;
  loop {
    let next = rk_link(at);
    if (next == 0u) { break; }
    if (rk_before(next, at)) { break; }
    at = next;
  }
  return at;
}

fn rk_sorted(list: u32) -> u32 {
  var first = rk_turned(list);
  loop {
    var merged = 0u;
    var last = 0u;
    var rest = first;
    var runs = 0u;
    while (rest != 0u) {
      var a = rest;
      let a_end = rk_run_end(a);
      var b = rk_link(a_end);
      rk_set_link(a_end, 0u);
      rest = 0u;
      if (b != 0u) {
        let b_end = rk_run_end(b);
        rest = rk_link(b_end);
        rk_set_link(b_end, 0u);
      }
      while (a != 0u || b != 0u) {
        var take_b = a == 0u;
        if (a != 0u && b != 0u) { take_b = rk_before(b, a); }
        var taken = a;
        if (take_b) { taken = b; b = rk_link(b); } else { a = rk_link(a); }
        if (last == 0u) { merged = taken; } else { rk_set_link(last, taken); }
        last = taken;
      }
      runs = runs + 1u;
    }
    first = merged;
    if (runs <= 1u) { break; }
  }
  return first;
}
`;
