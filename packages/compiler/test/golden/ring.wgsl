// Ring: generated, one invocation for each instance.
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

fn rk_mulhi_u32(a: u32, b: u32) -> u32 {
  let ll = (a & 0xffffu) * (b & 0xffffu);
  let lh = (a & 0xffffu) * (b >> 16u);
  let hl = (a >> 16u) * (b & 0xffffu);
  let middle = (ll >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (lh >> 16u) + (hl >> 16u) + (middle >> 16u);
}

fn rk_rem_u32(a: u32, b: u32) -> u32 { if (b == 0u) { return 0u; } return a % b; }

fn rk_random() -> u32 {
  let c = rk_self * 8u + 2u;
  let draw = rk_control[c];
  rk_control[c] = draw + 1u;
  var x = vec4<u32>(draw, 0u, rk_self, 0u);
  var k = vec2<u32>(rk_params.seed, 0x52696e67u);
  for (var i = 0u; i < 10u; i++) {
    let a = rk_mulhi_u32(0xd2511f53u, x.x);
    let b = rk_mulhi_u32(0xcd9e8d57u, x.z);
    x = vec4<u32>(b ^ x.y ^ k.x, 0xcd9e8d57u * x.z, a ^ x.w ^ k.y, 0xd2511f53u * x.x);
    k = k + vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return x.x;
}

fn h0_Wire() {
  let t0 = rk_messages[rk_message + 0u];
  rk_states[rk_state + 0u] = t0;
}

fn h1_Token() {
  let t0 = (rk_states[rk_state + 1u] + 1u);
  rk_states[rk_state + 1u] = t0;
  let t1 = rk_rem_u32(rk_states[rk_state + 1u], 4u);
  let t2 = rk_messages[rk_message + 1u];
  if (t1 >= 4u) { rk_fault(1u, t1); } else { rk_states[rk_state + t1 + 3u] = t2; }
  var v_v_0 = rk_messages[rk_message + 1u];
  v_v_0 = (v_v_0 ^ (v_v_0 << (13u & 31u)));
  v_v_0 = (v_v_0 ^ (v_v_0 >> (17u & 31u)));
  v_v_0 = (v_v_0 ^ (v_v_0 << (5u & 31u)));
  let t3 = (((rk_states[rk_state + 2u] ^ v_v_0) * 16777619u) + (rk_params.base_address + rk_self));
  rk_states[rk_state + 2u] = t3;
  var v_draw_1 = (f32(rk_random() >> 8u) * 5.9604644775390625e-8f);
  let t4 = (bitcast<f32>(rk_states[rk_state + 7u]) + (v_draw_1 - 0.5f));
  rk_states[rk_state + 7u] = bitcast<u32>(t4);
  if ((bitcast<i32>(rk_messages[rk_message + 0u]) > 0i)) {
    let t5 = rk_states[rk_state + 0u];
    let t6 = (bitcast<i32>(rk_messages[rk_message + 0u]) - 1i);
    let t7 = v_v_0;
    let t8 = rk_open(1u, 810311550u, t5, 1u, 2u);
    if (t8 != 0xffffffffu) {
      rk_records[t8 + 0u] = bitcast<u32>(t6);
      rk_records[t8 + 1u] = t7;
    }
  } else {
    let t9 = v_v_0;
    let t10 = rk_states[rk_state + 2u];
    let t11 = bitcast<f32>(rk_states[rk_state + 7u]);
    let t12 = rk_open(3u, 1012895137u, 0u, 0u, 3u);
    if (t12 != 0xffffffffu) {
      rk_records[t12 + 0u] = t9;
      rk_records[t12 + 1u] = t10;
      rk_records[t12 + 2u] = bitcast<u32>(t11);
    }
  }
}

@compute @workgroup_size(64)
fn rk_round(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  rk_self = id.x;
  rk_state = rk_self * 8u;
  let first = rk_control[rk_self * 8u + 0u];
  let count = rk_control[rk_self * 8u + 1u];
  for (var i = 0u; i < count; i++) {
    rk_delivery = i;
    rk_faulted = false;
    rk_message = rk_deliveries[first + i] + 16u;
    var handled = 1u;
    switch (rk_messages[rk_message - 15u]) {
      case 1806853730u: { h0_Wire(); }
      case 810311550u: { h1_Token(); }
      default: { handled = 0u; }
    }
    let record = rk_open(5u, handled, 0u, 0u, 0u);
  }
}
