// Counter: generated, one invocation for each instance.
const rk_state_words = 6u;

fn rk_add_64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let x = a.x + b.x; return vec2<u32>(x, a.y + b.y + u32(x < a.x)); }

fn rk_states_wide(at: u32) -> vec2<u32> {
  return vec2<u32>(rk_states[at], rk_states[at + 1u]);
}

fn h0_Inc() {
  // Inc:2:4
  let t0 = (rk_states[rk_state + 0u] + rk_memory[rk_message + 0u]);
  rk_states[rk_state + 0u] = t0;
  // Inc:3:4
  let t1 = rk_add_64(rk_states_wide(rk_state + 2u), vec2<u32>(u32(rk_memory[rk_message + 0u]), 0u));
  rk_states[rk_state + 2u] = (t1).x; rk_states[rk_state + 2u + 1u] = (t1).y;
}

fn h1_Dec() {
  // Dec:2:4
  let t0 = (bitcast<i32>(rk_states[rk_state + 4u]) - bitcast<i32>(rk_memory[rk_message + 0u]));
  rk_states[rk_state + 4u] = bitcast<u32>(t0);
  // Dec:3:4
  if ((bitcast<i32>(rk_states[rk_state + 4u]) < 0i)) {
    let t1 = (rk_states[rk_state + 0u] - 1u);
    rk_states[rk_state + 0u] = t1;
  }
}

fn h2_Get() {
  // Get:2:4
  let t0 = rk_states[rk_state + 0u];
  let t1 = rk_states_wide(rk_state + 2u);
  let t2 = bitcast<i32>(rk_states[rk_state + 4u]);
  let t3 = rk_open(2u, 1664729039u, 0u, 0u, 24u);
  if (t3 != 4294967295u) {
    rk_memory[t3 + 0u] = t0;
    rk_memory[t3 + 2u] = (t1).x; rk_memory[t3 + 2u + 1u] = (t1).y;
    rk_memory[t3 + 4u] = bitcast<u32>(t2);
  }
}

fn rk_handle(kind: u32) -> bool {
  switch (kind) {
    case 1271955075u: { h0_Inc(); }
    case 2722396747u: { h1_Dec(); }
    case 2362602444u: { h2_Get(); }
    default: { return false; }
  }
  return true;
}
