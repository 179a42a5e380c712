// How a message comes to an instance. Senders push it on the instance's arrivals with one compare-and-swap; whoever
// runs the instance takes all of them, in order, into lists that only it touches, where the policy is applied.
#pragma once

#include "rk_world.h"

// The instance has something to do: some worker takes it from the queue. A dedicated one sees it by itself.
RK_DEV void rk_ready(RkKernel* k, rk_u32 instance) {
  if (!k->dedicated) rk_queue_push(&k->ready, instance);
}

// One more is to run. Whoever it is published to with a release counts it off later, so this needs no order of its own.
RK_DEV void rk_count_scheduled(RkWorld* w, RkKernel* k) {
  rk_tally(&w->inflight, 1u);
  rk_tally(&k->scheduled, 1u);
}

// Lets an instance run whose arrivals were idle.
RK_DEV void rk_schedule(RkWorld* w, RkKernel* k, rk_u32 instance) {
  rk_count_scheduled(w, k);
  rk_ready(k, instance);
}

// Who finds a count at 0 sees all that was done before.
RK_DEV void rk_unschedule(RkWorld* w, RkKernel* k) {
  rk_add_release(&k->scheduled, 0xffffffffu);
  rk_add_release(&w->inflight, 0xffffffffu);
}

// Gives a chain of nodes to the instance, linked from the newest to the oldest, or one that is both; `top` is what its
// arrivals were when they were last looked at. In order for one sender, because pushes of one thread are. Counted first: a
// dedicated worker may be done with it at once, and a count of 0 means that nothing is on its way.
RK_DEV void rk_deliver(RkWorld* w, RkKernel* k, rk_u32 instance, rk_u32 newest, rk_u32 oldest, rk_u32 top) {
  RkMail* mail = k->mail + instance;
  bool counted = false;
  for (;;) {
    if (top == RK_IDLE && !counted) rk_count_scheduled(w, k);
    counted = counted || top == RK_IDLE;
    rk_node(w, oldest)->link = top == RK_IDLE ? RK_NIL : top;
    const rk_u32 found = rk_compare_exchange_release(&mail->arrivals, top, newest);
    if (found == top) break;
    top = found;
  }
  if (top != RK_IDLE) {
    if (counted) rk_unschedule(w, k);
  } else if (!k->dedicated) {
    rk_queue_push_bare(&k->ready, instance);  // the arrivals tell the rest
  }
}

RK_DEV void rk_free(RkWorld* w, rk_u32 node) { rk_queue_push(&w->free, node); }

// A free node; false when there is none.
RK_DEV bool rk_allocate(RkWorld* w, rk_u32* node) {
  rk_u32 at = rk_load_relaxed(&w->free.head);
  return rk_queue_pop(&w->free, &at, node);
}

RK_DEV void rk_append(RkWorld* w, rk_u32* first, rk_u32* last, rk_u32 node) {
  rk_node(w, node)->link = RK_NONE;
  if (*first == RK_NONE) {
    *first = node;
  } else {
    rk_node(w, *last)->link = node;
  }
  *last = node;
}

RK_DEV rk_u32 rk_shift(RkWorld* w, rk_u32* first) {
  const rk_u32 node = *first;
  *first = rk_node(w, node)->link;
  return node;
}

RK_DEV void rk_enqueue(RkWorld* w, RkKernel* k, RkMail* mail, rk_u32 node) {
  const rk_u32 p = rk_priority(rk_node(w, node));
  rk_append(w, &mail->first[p], &mail->last[p], node);
  mail->waiting++;
  if (rk_load_relaxed((rk_u32*)(k->counters + RK_COUNT_MAX_DEPTH)) < mail->waiting) {
    rk_tally_max((rk_u32*)(k->counters + RK_COUNT_MAX_DEPTH), mail->waiting);
  }
}

// The message is at its end: buried, and no longer pending.
RK_DEV void rk_end_buried(RkWorld* w, RkKernel* k, rk_u32 node, rk_u32 reason) {
  rk_tell_caller(w, rk_node(w, node), RKR_DEAD_LETTER, reason);
  rk_bury(w, k, rk_node(w, node), reason);
  rk_count(k, RK_COUNT_PENDING, ~0ull);
  rk_free(w, node);
}

// Whose turn it is at an address: a number that counts its beginnings and ends, odd while nobody lives there. A message
// carries, in `extra`, the one that its sender saw.
RK_DEV rk_u32 rk_life(const RkMail* mail) { return rk_load_relaxed(&mail->life); }

// Takes one message in, as the kernel's policy says. What was sent to nobody, or to the one before, goes to no other.
RK_DEV void rk_admit(RkWorld* w, RkKernel* k, RkMail* mail, rk_u32 node) {
  if (rk_origin(rk_node(w, node)) == 0u && rk_lane_of(rk_node(w, node)) == 0u) mail->host_taken++;
  const rk_u32 life = rk_life(mail);
  if ((life & 1u) != 0u || rk_node(w, node)->extra != life) {
    rk_end_buried(w, k, node, RK_TERMINATED);
  } else if (mail->waiting < k->capacity && mail->parked == 0u) {
    rk_enqueue(w, k, mail, node);
  } else if (k->policy == 0u) {
    rk_append(w, &mail->parked_first, &mail->parked_last, node);
    mail->parked++;
    rk_count(k, RK_COUNT_PARKED, 1u);
  } else if (k->policy == 1u) {
    rk_end_buried(w, k, node, RK_QUEUE_FULL);
  } else {
    rk_u32 p = 0;
    while (mail->first[p] == RK_NONE) p++;
    mail->waiting--;
    rk_end_buried(w, k, rk_shift(w, &mail->first[p]), RK_QUEUE_FULL);
    rk_enqueue(w, k, mail, node);
  }
}

// Lets parked messages in, oldest first, as far as there is room.
RK_DEV void rk_admit_parked(RkWorld* w, RkKernel* k, RkMail* mail) {
  while (mail->parked > 0u && mail->waiting < k->capacity) {
    mail->parked--;
    rk_count(k, RK_COUNT_PARKED, ~0ull);
    rk_enqueue(w, k, mail, rk_shift(w, &mail->parked_first));
  }
}

// The next to handle: the most urgent, then the oldest; but a priority waits for at most 64 messages of higher ones.
RK_DEV rk_u32 rk_next(RkWorld* w, RkMail* mail) {
  int chosen = -1;
  for (int p = 3; p >= 0; p--) {
    if (mail->first[p] == RK_NONE) {
      mail->passed[p] = 0;
    } else if (chosen < 0 || mail->passed[p] >= 64u) {
      chosen = p;
    }
  }
  if (chosen < 0) return RK_NONE;
  for (int p = 0; p < chosen; p++) mail->passed[p]++;
  mail->passed[chosen] = 0;
  mail->waiting--;
  return rk_shift(w, &mail->first[chosen]);
}

// The most urgent, then the oldest, whatever waited how long.
RK_DEV rk_u32 rk_most_urgent(RkWorld* w, RkMail* mail) {
  for (int p = 3; p >= 0; p--) {
    if (mail->first[p] == RK_NONE) continue;
    mail->waiting--;
    return rk_shift(w, &mail->first[p]);
  }
  return RK_NONE;
}

// What waits becomes dead letters, in the order of handling, then what is parked.
RK_DEV void rk_bury_mail(RkWorld* w, RkKernel* k, RkMail* mail) {
  rk_u32 node;
  while ((node = rk_most_urgent(w, mail)) != RK_NONE) rk_end_buried(w, k, node, RK_TERMINATED);
  while (mail->parked > 0u) {
    mail->parked--;
    rk_count(k, RK_COUNT_PARKED, ~0ull);
    rk_end_buried(w, k, rk_shift(w, &mail->parked_first), RK_TERMINATED);
  }
}

// The instance ends, with all that it has. Only whoever runs it calls this, and the next.
RK_DEV void rk_retire_instance(RkWorld* w, RkKernel* k, RkMail* mail) {
  rk_store_relaxed(&mail->life, rk_life(mail) | 1u);
  mail->failed = 0;
  rk_bury_mail(w, k, mail);
}

// Another one begins; its state is there.
RK_DEV void rk_spawn_instance(RkMail* mail) {
  mail->failed = 0;
  mail->draws = 0;
  rk_store_relaxed(&mail->life, (rk_life(mail) | 1u) + 1u);
}

// Tells the host how much of its own has come in and, in the upper half, how deep the mailbox is: at once, so that the
// host, which reads the upper half last, never finds the depth of before.
RK_DEV void rk_show_depth(RkKernel* k, rk_u32 instance) {
  const RkMail* mail = k->mail + instance;
  rk_store_relaxed_sys(k->instance_words + instance, (rk_u64)(mail->waiting + mail->parked) << 32 | mail->host_taken);
}
