/**
 * Faults in the workgroup form. Rounds of a section run at once, and the first fault in the order of the rounds is that of
 * the handler: each invocation keeps its first one, and where the rounds meet the earliest is recorded by lane 0.
 */
export const noteText = `var<private> rk_noted_place: u32 = 0xffffffffu;
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
}`;

/** The end of a section, for all invocations: what one of them has written the others see from here on. */
export const joinText = `fn rk_join() {
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
}`;
