import { readWord, type WgslForm, writeWord } from '@ringkernel/compiler/back-end';
import { handling } from './handling.ts';
import { latency } from './latency.ts';
import { counter, header, status, workgroup } from './layout.ts';

/** Copies the state to its double behind all states, from this word on; and all of it back. */
function copyText(form: WgslForm, undone: boolean): string {
  if (!undone) return 'fn rk_save(first: u32, step: u32) {}\nfn rk_restore() {}\n';
  const state = 'rk_state + i';
  const double = 'rk_state + rk_params.instances * rk_state_words + i';
  const back = writeWord(form, 'states', state, readWord(form, 'states', double));
  const away = writeWord(form, 'states', double, readWord(form, 'states', state));
  return `fn rk_save(first: u32, step: u32) {
  for (var i = first; i < rk_state_words; i += step) { ${away} }
}

fn rk_restore() {
  for (var i = 0u; i < rk_state_words; i++) { ${back} }
}
`;
}

/**
 * One invocation runs an instance from arrivals to handlers, and then the next that no other runs. Loops end at their end:
 * SwiftShader runs through the whole body of a loop once more, with nothing to do, when it is left at its beginning. A dispatch of one
 * workgroup may run a submit alone: the beginning, and rounds as long as only few instances run in them, of this kernel.
 */
const threadTick = (lanes: number): string => `var<workgroup> rk_told: u32;

/** One more than the instances that run in the next round of a submit that is run alone; 0 at its end. */
fn rk_due_alone() -> u32 {
  if (rk_stopped() || atomicLoad(&rk_status[${status.ticks}u]) >= rk_device.alone) { return 0u; }
  let due = rk_due();
  var all = 0u;
  for (var k = 0u; k < rk_device.kernels; k++) {
    let lists = ${status.words + counter.due}u + k * ${counter.words}u;
    all = all + atomicLoad(&rk_status[lists + (rk_round_now & 1u)]);
  }
  return select(due + 1u, 0u, all != due || due > ${fewFor(lanes)}u);
}

fn rk_run() {
  if (rk_enter()) {
    var left = rk_device.budget;
    var more = false;
    loop {
      var next = rk_nothing;
      var handled = false;
      var plain = false;
      // Messages about which there is nothing more to do when the handler has returned.
      loop {
        next = rk_choose();
        handled = next == rk_to_handle;
        if (handled) {
          rk_message = rk_next_at + ${header.words}u;
          rk_save(0u, 1u);
          handled = rk_handle(rk_memory[rk_next_at + ${header.type}u]);
        }
        plain = handled && rk_fault_place == 0u && rk_first_output == 0u && !rk_aborted;
        left = left - 1u;
        if (plain) {
          rk_count_handled();
          rk_leave_next();
        }
        more = left != 0u && rk_has_more();
        continuing { break if !plain || !more; }
      }
      if (!plain && next != rk_nothing) {
        rk_end(handled);
        more = rk_leave_next();
        more = more && left != 0u && rk_has_more();
      }
      continuing { break if !more || next == rk_nothing; }
    }
  }
  rk_exit();
}

@compute @workgroup_size(${lanes})
fn rk_tick(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) size: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let alone = rk_device.alone != 0u;
  if (alone) {
    if (lane == 0u) { rk_begin_now(); }
    storageBarrier();
    for (var i = lane; i < rk_device.batch; i += ${lanes}u) { rk_take_in(i); }
    storageBarrier();
  }
  if (lane == 0u) {
    if (alone) { rk_told = rk_due_alone(); } else { rk_told = rk_due() + 1u; }
  }
  var told = workgroupUniformLoad(&rk_told);
  var ran = false;
  loop {
    rk_round_now = atomicLoad(&rk_status[${status.round}u]);
    let due = max(told, 1u) - 1u;
    var place = id.x;
    if (place < due) {
      ran = true;
      loop {
        rk_be(place);
        rk_run();
        place = place + size.x * ${lanes}u;
        continuing { break if place >= due; }
      }
    }
    let goes_on = alone && told != 0u;
    told = 0u;
    if (goes_on) {
      storageBarrier();
      if (lane == 0u) {
        rk_turn_now();
        rk_told = rk_due_alone();
      }
      storageBarrier();
      told = workgroupUniformLoad(&rk_told);
    }
    continuing { break if told == 0u; }
  }
  if (ran) {
    rk_add_counts();
    rk_add_latency();
  }
}
`;

/** A workgroup for each instance: lane 0 does all but the handlers alone, and tells the others where it goes. */
const workgroupTick = `var<workgroup> rk_told: u32;
var<workgroup> rk_told_message: u32;
var<workgroup> rk_told_type: u32;

fn rk_run() {
  if (rk_lane == 0u) { rk_told = u32(rk_enter()); }
  if (workgroupUniformLoad(&rk_told) != 0u) {
    for (var left = rk_device.budget; left != 0u; left--) {
      if (rk_lane == 0u) {
        rk_told = rk_choose();
        rk_told_message = rk_next_at + ${header.words}u;
        rk_told_type = rk_memory[rk_next_at + ${header.type}u];
      }
      let next = workgroupUniformLoad(&rk_told);
      if (next == rk_nothing) { break; }
      var handled = next == rk_to_handle;
      if (handled) {
        rk_message = workgroupUniformLoad(&rk_told_message);
        rk_save(rk_lane, ${workgroup}u);
        storageBarrier();
        handled = rk_handle(workgroupUniformLoad(&rk_told_type));
        storageBarrier();
      }
      if (rk_lane == 0u) {
        rk_end(handled);
        rk_told = u32(rk_leave_next());
      }
      if (workgroupUniformLoad(&rk_told) == 0u) { break; }
      storageBarrier();
    }
  }
  if (rk_lane == 0u) { rk_exit(); }
}

@compute @workgroup_size(${workgroup})
fn rk_tick(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) size: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  rk_lane = lane;
  let due = rk_due();
  if (lane == 0u) { rk_told = due; }
  let all = workgroupUniformLoad(&rk_told);
  for (var place = id.x; place < all; place += size.x) {
    rk_be(place);
    rk_run();
  }
  if (lane == 0u && id.x < all) {
    rk_add_counts();
    rk_add_latency();
  }
}
`;

/** Instances that a dispatch may run alone in a round, with so many invocations. */
export const fewFor = (lanes: number): number => lanes * 4;

/**
 * Whether what a handler of this program did to its state may have to be taken back: it sends something, for which there
 * may be no room, or it may fault.
 */
export const mayBeUndone = (program: string): boolean => /\brk_(open|fault)\(/.test(program);

/** One round of the instances that have something to do: arrivals, then the handlers. */
export function tickText(form: WgslForm, lanes: number, undone: boolean): string {
  const word = form === 'thread' ? 'u32' : 'atomic<u32>';
  const states = `@group(0) @binding(6) var<storage, read_write> rk_states: array<${word}>;\n`;
  const tick = form === 'thread' ? threadTick(lanes) : workgroupTick;
  return [states, copyText(form, undone), latency, handling, tick].join('\n');
}
