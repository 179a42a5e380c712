// Counter: generated, one invocation for each instance.
struct RkParams { instances: u32, base_address: u32, seed: u32, record_words: u32 }
@group(0) @binding(0) var<uniform> rk_params: RkParams;
@group(0) @binding(1) var<storage, read_write> rk_control: array<u32>;
@group(0) @binding(2) var<storage, read> rk_deliveries: array<u32>;
@group(0) @binding(3) var<storage, read> rk_messages: array<u32>;
@group(0) @binding(4) var<storage, read_write> rk_states: array<u32>;
@group(0) @binding(5) var<storage, read_write> rk_records: array<u32>;

// The instance, the words at which its state and its message's payload start, the delivery, and whether it faulted.
var<private> rk_self: u32;
var<private> rk_state: u32;
var<private> rk_message: u32;
var<private> rk_delivery: u32;
var<private> rk_faulted: bool;

fn rk_open(kind: u32, a: u32, b: u32, c: u32, words: u32) -> u32 {
  let at = rk_self * 8u;
  let used = rk_control[at + 3u];
  if (words + 5u > rk_params.record_words - used) {
    rk_control[at + 4u] = 1u;
    return 0xffffffffu;
  }
  rk_control[at + 3u] = used + words + 5u;
  let record = rk_self * rk_params.record_words + used;
  rk_records[record] = kind;
  rk_records[record + 1u] = rk_delivery;
  rk_records[record + 2u] = a;
  rk_records[record + 3u] = b;
  rk_records[record + 4u] = c;
  for (var i = 0u; i < words; i++) { rk_records[record + 5u + i] = 0u; }
  return record + 5u;
}

fn rk_fault(site: u32, value: u32) {
  if (rk_faulted) { return; }
  rk_faulted = true;
  let record = rk_open(4u, site, value, 0u, 0u);
}

fn rk_add_64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let x = a.x + b.x; return vec2<u32>(x, a.y + b.y + u32(x < a.x)); }

fn rk_states_wide(at: u32) -> vec2<u32> {
  return vec2<u32>(rk_states[at], rk_states[at + 1u]);
}

fn h0_Inc() {
  let t0 = (rk_states[rk_state + 0u] + rk_messages[rk_message + 0u]);
  rk_states[rk_state + 0u] = t0;
  let t1 = rk_add_64(rk_states_wide(rk_state + 2u), vec2<u32>(u32(rk_messages[rk_message + 0u]), 0u));
  rk_states[rk_state + 2u] = (t1).x; rk_states[rk_state + 2u + 1u] = (t1).y;
}

fn h1_Dec() {
  let t0 = (bitcast<i32>(rk_states[rk_state + 4u]) - bitcast<i32>(rk_messages[rk_message + 0u]));
  rk_states[rk_state + 4u] = bitcast<u32>(t0);
  if ((bitcast<i32>(rk_states[rk_state + 4u]) < 0i)) {
    let t1 = (rk_states[rk_state + 0u] - 1u);
    rk_states[rk_state + 0u] = t1;
  }
}

fn h2_Get() {
  let t0 = rk_states[rk_state + 0u];
  let t1 = rk_states_wide(rk_state + 2u);
  let t2 = bitcast<i32>(rk_states[rk_state + 4u]);
  let t3 = rk_open(2u, 1664729039u, 0u, 0u, 6u);
  if (t3 != 0xffffffffu) {
    rk_records[t3 + 0u] = t0;
    rk_records[t3 + 2u] = (t1).x; rk_records[t3 + 2u + 1u] = (t1).y;
    rk_records[t3 + 4u] = bitcast<u32>(t2);
  }
}

@compute @workgroup_size(64)
fn rk_round(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  rk_self = id.x;
  rk_state = rk_self * 6u;
  let first = rk_control[rk_self * 8u + 0u];
  let count = rk_control[rk_self * 8u + 1u];
  for (var i = 0u; i < count; i++) {
    rk_delivery = i;
    rk_faulted = false;
    rk_message = rk_deliveries[first + i] + 16u;
    var handled = 1u;
    switch (rk_messages[rk_message - 15u]) {
      case 1271955075u: { h0_Inc(); }
      case 2722396747u: { h1_Dec(); }
      case 2362602444u: { h2_Get(); }
      default: { handled = 0u; }
    }
    let record = rk_open(5u, handled, 0u, 0u, 0u);
  }
}
