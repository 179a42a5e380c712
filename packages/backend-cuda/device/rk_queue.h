// A bounded queue of numbers for many producers and many consumers. A cell holds its lap and its value in one word of
// 64 bits. It has room for every number that can be in it, so that a push never fails.
#pragma once

// Where the next value goes: producers meet only at the tail.
RK_DEV rk_u64* rk_queue_cell(RkQueue* q, rk_u32* at) {
  *at = rk_add_relaxed(&q->tail, 1u);
  rk_u64* cell = q->cells + (*at & q->mask);
  while ((rk_u32)(rk_load_relaxed(cell) >> 32) != *at) rk_sleep(20);  // a slow consumer of the lap before
  return cell;
}

// With everything that the producer wrote before.
RK_DEV void rk_queue_push(RkQueue* q, rk_u32 value) {
  rk_u32 at;
  rk_u64* cell = rk_queue_cell(q, &at);
  rk_store_release(cell, ((rk_u64)(at + 1u) << 32) | value);
}

// The value alone: whoever takes it learns elsewhere what it stands for.
RK_DEV void rk_queue_push_bare(RkQueue* q, rk_u32 value) {
  rk_u32 at;
  rk_u64* cell = rk_queue_cell(q, &at);
  rk_store_relaxed(cell, ((rk_u64)(at + 1u) << 32) | value);
}

// The cell is free for the next lap. It is one word, so nothing else has to be seen with it.
RK_DEV void rk_queue_vacate(RkQueue* q, rk_u32 at) {
  rk_store_relaxed(q->cells + (at & q->mask), (rk_u64)(at + q->mask + 1u) << 32);
}

// False when it is empty. `at` is where the head was when this thread last knew it: who asks again and again only looks at
// one cell. Leaves nothing behind when it fails: a kernel may end between any two calls.
RK_DEV bool rk_queue_pop(RkQueue* q, rk_u32* at, rk_u32* value) {
  for (;;) {
    const rk_u64 found = rk_load_acquire(q->cells + (*at & q->mask));
    const int ahead = (int)((rk_u32)(found >> 32) - (*at + 1u));
    if (ahead < 0) return false;
    if (ahead > 0) {
      *at = rk_load_relaxed(&q->head);
      continue;
    }
    const rk_u32 head = rk_compare_exchange_relaxed(&q->head, *at, *at + 1u);
    if (head == *at) {
      *value = (rk_u32)found;
      rk_queue_vacate(q, (*at)++);
      return true;
    }
    *at = head;
  }
}
