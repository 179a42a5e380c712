// Ring: generated, one invocation for each instance.
const rk_state_words = 8u;

fn rk_mulhi_u32(a: u32, b: u32) -> u32 {
  let ll = (a & 0xffffu) * (b & 0xffffu);
  let lh = (a & 0xffffu) * (b >> 16u);
  let hl = (a >> 16u) * (b & 0xffffu);
  let middle = (ll >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (lh >> 16u) + (hl >> 16u) + (middle >> 16u);
}

fn rk_rem_u32(a: u32, b: u32) -> u32 { if (b == 0u) { return 0u; } return a % b; }

fn rk_random() -> u32 {
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
}

fn h0_Wire() {
  // Wire:2:4
  let t0 = rk_memory[rk_message + 0u];
  rk_states[rk_state + 0u] = t0;
}

fn h1_Token() {
  // Token:3:4
  let t0 = (rk_states[rk_state + 1u] + 1u);
  rk_states[rk_state + 1u] = t0;
  // Token:4:4
  let t1 = rk_rem_u32(rk_states[rk_state + 1u], 4u);
  let t2 = rk_memory[rk_message + 1u];
  if (t1 >= 4u) { rk_fault(1u, t1); } else { rk_states[rk_state + t1 + 3u] = t2; }
  // Token:5:4
  var v_v_0 = rk_memory[rk_message + 1u];
  // Token:6:4
  v_v_0 = (v_v_0 ^ (v_v_0 << (13u & 31u)));
  // Token:7:4
  v_v_0 = (v_v_0 ^ (v_v_0 >> (17u & 31u)));
  // Token:8:4
  v_v_0 = (v_v_0 ^ (v_v_0 << (5u & 31u)));
  // Token:9:4
  let t3 = (((rk_states[rk_state + 2u] ^ v_v_0) * 16777619u) + (rk_params.base_address + rk_self));
  rk_states[rk_state + 2u] = t3;
  // Token:10:15
  var v_draw_1 = (f32(rk_random() >> 8u) * 5.9604644775390625e-8f);
  let t4 = (bitcast<f32>(rk_states[rk_state + 7u]) + (v_draw_1 - 0.5f));
  rk_states[rk_state + 7u] = bitcast<u32>(t4);
  // Token:11:4
  if ((bitcast<i32>(rk_memory[rk_message + 0u]) > 0i)) {
    let t5 = rk_states[rk_state + 0u];
    let t6 = (bitcast<i32>(rk_memory[rk_message + 0u]) - 1i);
    let t7 = v_v_0;
    let t8 = rk_open(1u, 810311550u, t5, 1u, 8u);
    if (t8 != 4294967295u) {
      rk_memory[t8 + 0u] = bitcast<u32>(t6);
      rk_memory[t8 + 1u] = t7;
    }
  } else {
    // Token:15:9
    let t9 = v_v_0;
    let t10 = rk_states[rk_state + 2u];
    let t11 = bitcast<f32>(rk_states[rk_state + 7u]);
    let t12 = rk_open(3u, 1012895137u, 0u, 0u, 12u);
    if (t12 != 4294967295u) {
      rk_memory[t12 + 0u] = t9;
      rk_memory[t12 + 1u] = t10;
      rk_memory[t12 + 2u] = bitcast<u32>(t11);
    }
  }
}

fn rk_handle(kind: u32) -> bool {
  switch (kind) {
    case 1806853730u: { h0_Wire(); }
    case 810311550u: { h1_Token(); }
    default: { return false; }
  }
  return true;
}
