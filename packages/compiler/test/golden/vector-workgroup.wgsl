// Vector: generated, one workgroup for each instance.
const rk_state_words = 66u;

var<private> rk_lane: u32;
/** Place of the round that this invocation runs in the order of all of its section, or none. */
var<private> rk_place: u32 = 0xffffffffu;
var<workgroup> rk_choice: u32;
var<workgroup> rk_lanes_f32: array<f32, 64>;
var<workgroup> rk_handed_f32: f32;

var<private> rk_noted_place: u32 = 0xffffffffu;
var<private> rk_noted_site: u32;
var<private> rk_noted_value: u32;
var<workgroup> rk_first_place: atomic<u32>;
var<workgroup> rk_first_site: u32;
var<workgroup> rk_first_value: u32;

fn rk_note(site: u32, value: u32) {
  if (rk_place == 0xffffffffu) {
    rk_fault(site, value);
  } else if (rk_noted_place == 0xffffffffu) {
    rk_noted_place = rk_place;
    rk_noted_site = site;
    rk_noted_value = value;
  }
}

fn rk_join() {
  storageBarrier();
  if (rk_lane == 0u) { atomicStore(&rk_first_place, 0xffffffffu); }
  workgroupBarrier();
  if (rk_noted_place != 0xffffffffu) { atomicMin(&rk_first_place, rk_noted_place); }
  workgroupBarrier();
  if (rk_noted_place != 0xffffffffu && rk_noted_place == atomicLoad(&rk_first_place)) {
    rk_first_site = rk_noted_site;
    rk_first_value = rk_noted_value;
  }
  rk_noted_place = 0xffffffffu;
  workgroupBarrier();
  if (rk_lane == 0u && atomicLoad(&rk_first_place) != 0xffffffffu) { rk_fault(rk_first_site, rk_first_value); }
}

var<private> h0_Fill_v_i_0: u32;
fn h0_Fill_p0() -> u32 {
  // Fill:3:4
  let t0 = rk_memory[rk_message + 0u];
  atomicStore(&rk_states[rk_state + 0u], t0);
  return 0u;
}
fn h0_Fill_p1() -> u32 {
  // Fill:4:4
  let t1 = atomicLoad(&rk_states[rk_state + 0u]);
  return t1;
}
fn h0_Fill_p2(round: u32, place: u32) {
  // Fill:4:4
  rk_place = place;
  h0_Fill_v_i_0 = u32(round);
  // Fill:5:5
  let t2 = h0_Fill_v_i_0;
  let t3 = (f32(h0_Fill_v_i_0) * bitcast<f32>(rk_memory[rk_message + 1u]));
  if (t2 >= 64u) { rk_note(1u, t2); } else { atomicStore(&rk_states[rk_state + t2 + 2u], bitcast<u32>(t3)); }
  rk_place = 0xffffffffu;
}
fn h0_Fill() {
  if (rk_lane == 0u) { rk_choice = h0_Fill_p0(); }
  // Fill:4:4
  if (rk_lane == 0u) { rk_choice = h0_Fill_p1(); }
  {
    storageBarrier();
    let n = workgroupUniformLoad(&rk_choice);
    for (var i = rk_lane; i < n; i += 64u) { h0_Fill_p2(i, i); }
    rk_join();
  }
}

var<private> h1_Normalise_v_k_0: u32;
var<private> h1_Normalise_v_i_1: u32;
var<private> h1_Normalise_v_sum_2: f32;
var<private> h1_Normalise_v_inv_3: f32;
var<private> h1_Normalise_v_i_4: u32;
fn h1_Normalise_p0() -> u32 {
  // Normalise:3:9
  h1_Normalise_v_k_0 = 0u;
  return 0u;
}
fn h1_Normalise_p1() -> u32 {
  // Normalise:3:4
  return u32((h1_Normalise_v_k_0 < rk_memory[rk_message + 0u]));
}
fn h1_Normalise_p2() -> u32 {
  // Normalise:4:24
  let t0 = atomicLoad(&rk_states[rk_state + 0u]);
  return t0;
}
fn h1_Normalise_p3(round: u32, place: u32) {
  // Normalise:4:24
  rk_place = place;
  h1_Normalise_v_i_1 = u32(round);
  let t1 = h1_Normalise_v_i_1;
  var t2: f32 = 0.0f;
  if (t1 >= 64u) { rk_note(2u, t1); } else { t2 = bitcast<f32>(atomicLoad(&rk_states[rk_state + t1 + 2u])); }
  let t3 = h1_Normalise_v_i_1;
  var t4: f32 = 0.0f;
  if (t3 >= 64u) { rk_note(3u, t3); } else { t4 = bitcast<f32>(atomicLoad(&rk_states[rk_state + t3 + 2u])); }
  let t5 = (t2 * t4);
  rk_lanes_f32[rk_lane] = (rk_lanes_f32[rk_lane] + t5);
  rk_place = 0xffffffffu;
}
fn h1_Normalise_p4(half: u32) {
  // Normalise:4:24
  rk_lanes_f32[rk_lane] = (rk_lanes_f32[rk_lane] + rk_lanes_f32[rk_lane + half]);
}
fn h1_Normalise_p5() -> u32 {
  // Normalise:4:5
  let t6 = sqrt(h1_Normalise_v_sum_2);
  atomicStore(&rk_states[rk_state + 1u], bitcast<u32>(t6));
  return 0u;
}
fn h1_Normalise_p6() -> u32 {
  // Normalise:5:5
  return u32((bitcast<f32>(atomicLoad(&rk_states[rk_state + 1u])) > bitcast<f32>(rk_memory[rk_message + 1u])));
}
fn h1_Normalise_p7() -> u32 {
  // Normalise:6:6
  h1_Normalise_v_inv_3 = (1.0f / bitcast<f32>(atomicLoad(&rk_states[rk_state + 1u])));
  return 0u;
}
fn h1_Normalise_p8() -> u32 {
  // Normalise:7:6
  let t7 = atomicLoad(&rk_states[rk_state + 0u]);
  return t7;
}
fn h1_Normalise_p9(round: u32, place: u32) {
  // Normalise:7:6
  rk_place = place;
  h1_Normalise_v_i_4 = u32(round);
  // Normalise:8:7
  let t8 = h1_Normalise_v_i_4;
  let t9 = h1_Normalise_v_i_4;
  var t10: f32 = 0.0f;
  if (t9 >= 64u) { rk_note(5u, t9); } else { t10 = bitcast<f32>(atomicLoad(&rk_states[rk_state + t9 + 2u])); }
  let t11 = (t10 * h1_Normalise_v_inv_3);
  if (t8 >= 64u) { rk_note(4u, t8); } else { atomicStore(&rk_states[rk_state + t8 + 2u], bitcast<u32>(t11)); }
  rk_place = 0xffffffffu;
}
fn h1_Normalise_p10() {
  // Normalise:7:6
  // Normalise:3:34
  h1_Normalise_v_k_0 = (h1_Normalise_v_k_0 + 1u);
}
fn h1_Normalise() {
  if (rk_lane == 0u) { rk_choice = h1_Normalise_p0(); }
  // Normalise:3:4
  loop {
    if (rk_lane == 0u) { rk_choice = h1_Normalise_p1(); }
    if (workgroupUniformLoad(&rk_choice) == 0u) { break; }
    // Normalise:4:24
    if (rk_lane == 0u) { rk_choice = h1_Normalise_p2(); }
    {
      storageBarrier();
      let n = workgroupUniformLoad(&rk_choice);
      rk_lanes_f32[rk_lane] = 0.0f;
      for (var i = rk_lane; i < n; i += 64u) { h1_Normalise_p3(i, i); }
      workgroupBarrier();
      for (var half = 32u; half > 0u; half = half >> 1u) {
        if (rk_lane < half) { h1_Normalise_p4(half); }
        workgroupBarrier();
      }
      if (rk_lane == 0u) { h1_Normalise_v_sum_2 = rk_lanes_f32[0]; }
      rk_join();
    }
    if (rk_lane == 0u) { rk_choice = h1_Normalise_p5(); }
    // Normalise:5:5
    if (rk_lane == 0u) { rk_choice = h1_Normalise_p6(); }
    if (workgroupUniformLoad(&rk_choice) != 0u) {
      if (rk_lane == 0u) { rk_choice = h1_Normalise_p7(); }
      // Normalise:7:6
      if (rk_lane == 0u) { rk_choice = h1_Normalise_p8(); }
      {
        storageBarrier();
        let n = workgroupUniformLoad(&rk_choice);
        if (rk_lane == 0u) { rk_handed_f32 = h1_Normalise_v_inv_3; }
        h1_Normalise_v_inv_3 = workgroupUniformLoad(&rk_handed_f32);
        for (var i = rk_lane; i < n; i += 64u) { h1_Normalise_p9(i, i); }
        rk_join();
      }
    }
    continuing { if (rk_lane == 0u) { h1_Normalise_p10(); } }
  }
}

fn rk_handle(kind: u32) -> bool {
  switch (kind) {
    case 1155428870u: { h0_Fill(); }
    case 2306994540u: { h1_Normalise(); }
    default: { return false; }
  }
  return true;
}
