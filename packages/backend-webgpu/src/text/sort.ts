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

/** The list is not empty. */
fn rk_turned(list: u32) -> u32 {
  var turned = 0u;
  var at = list;
  loop {
    let next = rk_link(at);
    rk_set_link(at, turned);
    turned = at;
    at = next;
    continuing { break if at == 0u; }
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

/** What is merged already: its first message, and the last that is in its place. */
var<private> rk_merged: u32;
var<private> rk_merged_last: u32;

fn rk_append(at: u32) {
  if (rk_merged == 0u) { rk_merged = at; } else { rk_set_link(rk_merged_last, at); }
  rk_merged_last = at;
}

/** Merges two runs behind what is merged; whether a part of the first is what was left of one at the end. */
fn rk_merge(first: u32, second: u32) -> bool {
  var a = first;
  var b = second;
  loop {
    let take_b = rk_before(b, a);
    let taken = select(a, b, take_b);
    if (take_b) { b = rk_link(b); } else { a = rk_link(a); }
    rk_append(taken);
    continuing { break if a == 0u || b == 0u; }
  }
  rk_append(max(a, b));
  return a != 0u;
}

/** The list is not empty. */
fn rk_sorted(list: u32) -> u32 {
  var first = rk_turned(list);
  var runs = 0u;
  loop {
    rk_merged = 0u;
    runs = 0u;
    var rest = first;
    loop {
      let a = rest;
      let a_end = rk_run_end(a);
      let b = rk_link(a_end);
      rest = 0u;
      if (b == 0u) {
        rk_append(a);
      } else {
        let b_end = rk_run_end(b);
        rest = rk_link(b_end);
        rk_set_link(a_end, 0u);
        rk_set_link(b_end, 0u);
        rk_merged_last = select(b_end, a_end, rk_merge(a, b));
      }
      runs = runs + 1u;
      continuing { break if rest == 0u; }
    }
    first = rk_merged;
    continuing { break if runs <= 1u; }
  }
  return first;
}
`;
