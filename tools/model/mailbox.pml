/*
 * How messages get from senders to one mailbox: docs/protocol.md explains it. The receiver's worker, a sender on another
 * thread for each lane, the host among them (sender 0), and whoever deactivates, activates and terminates the kernel.
 *
 * Checked with spin: every message ends exactly once (handled, dead letter, or refused at the door), messages of one
 * sender and priority are handled in the order sent, nobody is stuck, and everything ends at last.
 *
 *   EACH      messages of each actor; HOST_EACH: of the host
 *   POLICY    WAIT, REJECT or DROP_OLDEST: what happens to a message that finds its mailbox full
 *   MUTANT    0, or the number of a mistake that the check must find
 *   TRACE     defined: replays what the real system did (trace.h); an error means that the model can do it, too
 */
#define WAIT 0
#define REJECT 1
#define DROP_OLDEST 2

#ifndef POLICY
#define POLICY WAIT
#endif
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef EACH
#define EACH 3
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef LANE
#define LANE 1
#endif
#ifndef HOST_EACH
#define HOST_EACH 2
#endif
#define TOTAL ((SENDERS - 1) * EACH + HOST_EACH)
/* Messages are numbered by sender; the host sends less, so some numbers are nobody's. */
#define NUMBERS (SENDERS * EACH)

/* Mistakes. */
#define NO_SECOND_LOOK 1
#define RING_BEFORE_PUBLISH 2
#define OVERTAKE_SPILLED 3
#define OVERTAKE_MAILBOX 4
#define LOSE_WHEN_FULL 5
#define FORGET_PARKED 6
#define SPILL_TWICE 7
#define NEVER_ADMIT 8

/* The first message of each sender is of high priority. */
#define PRIORITY(m) ((m) % EACH == 0)
#define SENDER(m) ((m) / EACH)

#define HANDLED 1
#define DEAD 2
#define REFUSED 3

#define PAUSE 1
#define RESUME 2
#define BURY 3

/* Lanes between threads, and what waits privately at a sender because its lane is full. */
chan lane[SENDERS] = [LANE] of { byte };
chan spill[SENDERS] = [EACH] of { byte };
/* The mailbox by priority, and what is parked behind it. */
chan box[2] = [CAPACITY] of { byte };
chan parked = [TOTAL] of { byte };
/* What the worker is asked to do, and its answer. */
chan control = [1] of { byte };
chan done = [1] of { byte };

bool closing[SENDERS]; /* seen by each thread by itself */
bool paused = false;
bool buried = false;
bool bell = false;     /* armed: the worker sleeps or is about to */
byte ended[NUMBERS];     /* how each message ended */
byte endings = 0;
bool over = false;     /* the owner asks for nothing any more */
byte expected[2 * SENDERS]; /* least number that may be handled next, by sender and priority */
byte hostSent = 0;
byte hostTaken = 0;

#define DEPTH (len(box[0]) + len(box[1]))
#define ALL_ENDED (endings == TOTAL)

#ifdef TRACE
#include "trace.h"
byte traced = 0;
#define MAY_END(m, how) \
  ((how == REFUSED && MAY_REFUSE(m)) || (traced < TRACE_LENGTH && wanted[traced] == (m) * 4 + (how)))
#define NOTE(m, how) if :: how != REFUSED -> traced++ :: else fi
#else
#define MAY_END(m, how) true
#define NOTE(m, how) skip
#endif

inline finish(m, how) {
  atomic {
    MAY_END(m, how);
    assert(ended[m] == 0);
    ended[m] = how;
    endings++;
    NOTE(m, how);
  }
}

inline handle(m) {
  atomic {
    MAY_END(m, HANDLED);
    assert(m % EACH >= expected[2 * SENDER(m) + PRIORITY(m)]);
    expected[2 * SENDER(m) + PRIORITY(m)] = m % EACH + 1;
    finish(m, HANDLED);
  }
}

inline ring() {
  bell = false
}

/* A record goes into the lane, or behind those that wait already. Showing it and ringing are two steps. */
inline put(s, m) {
#if MUTANT == RING_BEFORE_PUBLISH
  ring();
#endif
  atomic {
    if
    :: len(lane[s]) < LANE && (len(spill[s]) == 0 || MUTANT == OVERTAKE_SPILLED) -> lane[s]!m
    :: else -> spill[s]!m
    fi
  }
#if MUTANT != RING_BEFORE_PUBLISH
  ;
  ring()
#endif
}

inline unspill(s, m) {
  atomic {
#if MUTANT == SPILL_TWICE
    spill[s]?<m>;
#else
    spill[s]?m;
#endif
    lane[s]!m;
    m = 0
  }
  ring()
}

/* An actor on another thread: it never blocks. What its lane has no room for waits in its own list. */
proctype Actor(byte s) {
  byte n = 0;
  byte m;
  do
  :: n < EACH && closing[s] -> atomic { finish(s * EACH + n, DEAD); n++ }
  :: n < EACH && !closing[s] -> put(s, s * EACH + n); n++
  :: (len(spill[s]) > 0) && (len(lane[s]) < LANE) -> unspill(s, m)
  :: n == EACH && (len(spill[s]) == 0) -> break
  od
}

/* Room in the mailbox, as the host reckons: what it sent and the worker has not taken counts as waiting. */
#define HOST_ROOM ((hostSent - hostTaken) + DEPTH + len(parked) < CAPACITY)

proctype Host() {
  byte n = 0;
  byte m;
  do
  :: n < HOST_EACH && closing[0] -> atomic { finish(n, REFUSED); n++ }
  :: n < HOST_EACH && !closing[0] && (HOST_ROOM || POLICY == DROP_OLDEST) ->
     hostSent++;
     put(0, n);
     n++
  :: n < HOST_EACH && !closing[0] && !HOST_ROOM && POLICY == REJECT -> atomic { finish(n, REFUSED); n++ }
  :: (len(spill[0]) > 0) && (len(lane[0]) < LANE) -> unspill(0, m)
  :: n == HOST_EACH && (len(spill[0]) == 0) -> break
  od
}

/* The instance can't handle the message now. */
inline hold(m) {
  if
  :: DEPTH < CAPACITY && (len(parked) == 0) -> box[PRIORITY(m)]!m
  :: else ->
#if POLICY == WAIT
#if MUTANT == LOSE_WHEN_FULL
     skip
#else
     parked!m
#endif
#elif POLICY == REJECT
     finish(m, DEAD)
#else
     if
     :: (len(box[0]) > 0) -> box[0]?oldest
     :: else -> box[1]?oldest
     fi;
     finish(oldest, DEAD);
     box[PRIORITY(m)]!m
#endif
  fi
}

/* What the host counts on comes last: until then it takes the message for one that is still under way. */
inline dispatch(s, m) {
  atomic {
    lane[s]?m;
    if
    :: buried -> finish(m, DEAD)
    :: !buried && (paused || (DEPTH + len(parked) > 0 && MUTANT != OVERTAKE_MAILBOX)) -> hold(m)
    :: else -> handle(m)
    fi;
    m = 0
  }
  if
  :: s == 0 -> hostTaken++
  :: s != 0
  fi
}

/* One message of the mailbox; those parked move up. */
inline work(m) {
  atomic {
    if
    :: len(box[1]) > 0 -> box[1]?m
    :: else -> box[0]?m
    fi;
    handle(m);
    admit();
    m = 0
  }
}

inline admit() {
  do
  :: MUTANT != NEVER_ADMIT && DEPTH < CAPACITY && (len(parked) > 0) ->
     parked?oldest;
     box[PRIORITY(oldest)]!oldest
  :: else -> break
  od
}

inline buryAll() {
  do
  :: (len(box[1]) > 0) -> box[1]?oldest; finish(oldest, DEAD)
  :: (len(box[1]) == 0) && (len(box[0]) > 0) -> box[0]?oldest; finish(oldest, DEAD)
  :: (len(box[1]) == 0) && (len(box[0]) == 0) && (len(parked) > 0) && MUTANT != FORGET_PARKED ->
     parked?oldest;
     finish(oldest, DEAD)
  :: else -> break
  od
}

#if SENDERS == 2
#define SOMETHING ((len(lane[0]) > 0) || (len(lane[1]) > 0) || (len(control) > 0))
#else
#define SOMETHING ((len(lane[0]) > 0) || (len(lane[1]) > 0) || (len(lane[2]) > 0) || (len(control) > 0))
#endif
#define READY (!paused && DEPTH > 0)

proctype Worker() {
  byte m;
  byte oldest;
  byte what;
  do
  :: (len(control) > 0) ->
     control?what;
     if
     :: what == PAUSE -> paused = true
     :: what == RESUME -> paused = false
     :: what == BURY -> atomic { paused = true; buried = true; buryAll() }
     fi;
     done!what;
     what = 0
  :: len(lane[0]) > 0 -> dispatch(0, m)
  :: len(lane[1]) > 0 -> dispatch(1, m)
#if SENDERS > 2
  :: len(lane[2]) > 0 -> dispatch(2, m)
#endif
  :: READY && (len(control) == 0) -> work(m)
  :: !SOMETHING && !READY ->
     /* Nothing to do: arm the bell, look once more, sleep. */
     bell = true;
#if MUTANT != NO_SECOND_LOOK
     if
     :: SOMETHING -> bell = false
     :: else
     fi;
#endif
     (!bell || (ALL_ENDED && over));
     bell = false
  :: ALL_ENDED && over -> break
  od
}

inline ask(what) {
  control!what;
  ring();
  done?eval(what)
}

/* Whoever holds the kernel: stops and starts it, and lets it run or ends it. */
proctype Owner() {
  byte cycles = 0;
  byte s;
  do
  :: cycles < 1 ->
     cycles++;
     ask(PAUSE);
     if
     :: ask(RESUME)
     :: break /* terminated while deactivated */
     fi
  :: break
  od;
  if
  :: !paused -> skip /* it goes on for ever */
  :: true ->
     s = 0;
     do
     :: s < SENDERS -> closing[s] = true; s++
     :: else -> break
     od;
     if
     :: paused -> skip
     :: ALL_ENDED -> skip /* drained */
     :: true -> skip      /* the time is over */
     fi;
     ask(BURY)
  fi;
  over = true;
#ifdef TRACE
  (ALL_ENDED && traced == TRACE_LENGTH);
  assert(false) /* the trace is one that the model can make */
#endif
}

init {
  atomic {
    run Host();
    run Actor(1);
#if SENDERS > 2
    run Actor(2);
#endif
    run Worker();
    run Owner()
  }
}

ltl everythingEnds { <> ALL_ENDED }
