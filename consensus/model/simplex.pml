/*
 * One epoch of the protocol in consensus/PROTOCOL.md, for spin. One set of rules, two uses:
 *
 *   exhaustive   all that three correct validators and a Byzantine one can do in VIEWS views
 *   -DTRACE      the events of a run of the code: each has to be a step that the rules allow
 *                (its driver is not written yet)
 *
 * The network: what is signed and on disk may reach anybody at any time, late, twice or never. So
 * it is the set of all votes ever sent. The Byzantine validator has signed everything. A
 * certificate exists once a quorum signed, and whoever needs one may just have got it: getting it
 * moves the view or the floor and nothing else. With -DTRACE whoever uses it must hold it.
 *
 * -DBREAK_...: one rule less. Each has to end in a violation (tests/formal/run.py).
 */
#ifndef VIEWS
#define VIEWS 3
#endif
#ifndef TRACE
#define num byte
#define HONEST 3                   /* validators 0, 1, 2; the Byzantine one is number 3 of 4 */
#define BYZANTINE 3
#define POSITIONS (2 * VIEWS + 1)  /* a Byzantine leader makes two blocks in its view */
#define BLOCKS POSITIONS
#endif
#ifndef NEED
#define NEED 2                     /* honest signatures of a quorum: q - f */
#endif

/*
 * A position is what a Notarize names: view, the parent's view, digest. Position 0 is where the
 * epoch starts: view 0, block 0. Digests are numbers; a block names its parent.
 */
num at_view[POSITIONS];
num parent_view[POSITIONS];
num block[POSITIONS];
num parent[BLOCKS];
bool ends_epoch[BLOCKS];

/* The network: bit i is set once validator i sent the vote. */
short notarized_by[POSITIONS];
short finalized_by[POSITIONS];
short nullified_by[VIEWS + 1];

/* A validator: its votes in each view in memory and on disk (0: none), its view, its floor. */
#define CELL(i, v) ((i) * (VIEWS + 1) + (v))
#define CELLS (HONEST * (VIEWS + 1))
num my_notarize[CELLS], log_notarize[CELLS];
num my_finalize[CELLS], log_finalize[CELLS];
bool my_nullify[CELLS], log_nullify[CELLS];
num view[HONEST] = 1;
num floor[HONEST];  /* the position of the highest Finalization */

/* Scratch of a step; zero between two. */
num x, y, w, b;
bool ok;

/* Quorums. */
#define BIT(mask, i) (((mask) >> (i)) & 1)
#ifdef TRACE
#define MORE(m) \
  + BIT(m, 3) + BIT(m, 4) + BIT(m, 5) + BIT(m, 6) + BIT(m, 7) + BIT(m, 8) + BIT(m, 9) \
  + BIT(m, 10) + BIT(m, 11) + BIT(m, 12) + BIT(m, 13) + BIT(m, 14)
#else
#define MORE(m)
#endif
#define QUORUM(m) (BIT(m, 0) + BIT(m, 1) + BIT(m, 2) MORE(m) >= NEED)
#define NOTARIZATION(x) ((x) != 0 && QUORUM(notarized_by[x]))
#define FINALIZATION(x) ((x) != 0 && QUORUM(finalized_by[x]))
#define NULLIFICATION(v) QUORUM(nullified_by[v])
/* Of positions: explore.pml has two a view. */
#define CERTIFICATE(v) \
  (NULLIFICATION(v) || NOTARIZATION(2 * (v) - 1) || NOTARIZATION(2 * (v)))

/* What validator i can show. */
#ifdef TRACE
num held_notarization[CELLS];
bool held_nullification[CELLS];
#define HOLDS_NOTARIZATION(i, x) ((x) != 0 && held_notarization[CELL(i, at_view[x])] == (x))
#define HOLDS_NULLIFICATION(i, v) held_nullification[CELL(i, v)]
#define IS_IN_VIEW(i, v) (view[i] == (v))
#else
#define HOLDS_NOTARIZATION(i, x) NOTARIZATION(x)
#define HOLDS_NULLIFICATION(i, v) NULLIFICATION(v)
#define IS_IN_VIEW(i, v) (view[i] == (v) || (view[i] < (v) && CERTIFICATE((v) - 1)))
#endif

#define FLOOR_VIEW(i) at_view[floor[i]]
#define SAME_BLOCK(x, y) (at_view[x] == at_view[y] && block[x] == block[y])

/* ok := the block at `top` is that at `base` or descends from it. */
inline Extends(top, base) {
  b = block[top];
  do
  :: b != block[base] && b != 0 -> b = parent[b]
  :: else -> break
  od;
  ok = b == block[base]; b = 0
}

/* PROTOCOL "Judge a proposal": may i vote Notarize for x, whose parent is at y? */
inline JudgeNotarize(i, x, y) {
  Extends(y, floor[i]);                                      /* the parent extends the floor */
  ok = ok && at_view[y] >= FLOOR_VIEW(i) && at_view[x] > FLOOR_VIEW(i);
  ok = ok && IS_IN_VIEW(i, at_view[x]);                      /* the current view only */
#ifndef BREAK_I1
  ok = ok && my_notarize[CELL(i, at_view[x])] == 0;          /* I1 */
#endif
  ok = ok && !my_nullify[CELL(i, at_view[x])];
  ok = ok && at_view[y] == parent_view[x] && parent_view[x] < at_view[x];
  ok = ok && (SAME_BLOCK(y, floor[i]) || HOLDS_NOTARIZATION(i, y));
  if
#ifndef BREAK_EPOCH_END
  :: ends_epoch[block[y]] && at_view[y] != 0 -> ok = ok && block[x] == block[y]  /* again */
#endif
  :: else -> ok = ok && parent[block[x]] == block[y]
  fi;
#ifndef BREAK_SKIPPED_VIEWS
  w = at_view[y] + 1;                                        /* every view between is nullified */
  do
  :: w < at_view[x] -> ok = ok && HOLDS_NULLIFICATION(i, w); w++
  :: else -> break
  od;
  w = 0
#endif
}

/* PROTOCOL "Nullify": a timer or a refused proposal, so at any time; the current view only. */
#define MAY_NULLIFY(i, v) \
  (IS_IN_VIEW(i, v) && (v) > FLOOR_VIEW(i) && !my_nullify[CELL(i, v)] && I2_NULLIFY(i, v))
/* PROTOCOL "Finalize": at once with the Notarization or any time later. */
#define MAY_FINALIZE(i, x) \
  (HOLDS_NOTARIZATION(i, x) && ABOVE_FLOOR(i, x) && my_finalize[CELL(i, at_view[x])] == 0 && \
   I2_FINALIZE(i, at_view[x]))
#ifdef BREAK_I2
#define I2_NULLIFY(i, v) true
#define I2_FINALIZE(i, v) true
#else
#define I2_NULLIFY(i, v) (my_finalize[CELL(i, v)] == 0)
#define I2_FINALIZE(i, v) (!my_nullify[CELL(i, v)])
#endif
#ifdef BREAK_FLOOR
#define ABOVE_FLOOR(i, x) true
#else
#define ABOVE_FLOOR(i, x) (at_view[x] > FLOOR_VIEW(i))
#endif

/* A certificate of view v lets i enter the next; nothing else moves a view. */
inline EnterBehind(i, v) {
  if
  :: view[i] <= v -> view[i] = v + 1
  :: else
  fi
}

/* A Finalization raises the floor; what i did at or below it is dropped. */
inline RaiseFloor(i, x) {
  w = FLOOR_VIEW(i);
  floor[i] = x;
  do
  :: w <= at_view[x] ->
    my_notarize[CELL(i, w)] = 0; my_finalize[CELL(i, w)] = 0; my_nullify[CELL(i, w)] = false;
    log_notarize[CELL(i, w)] = 0; log_finalize[CELL(i, w)] = 0; log_nullify[CELL(i, w)] = false;
    w++
  :: else -> break
  od;
  w = 0;
  EnterBehind(i, at_view[x])
}

inline Persist(i, v) {
  log_notarize[CELL(i, v)] = my_notarize[CELL(i, v)];
  log_finalize[CELL(i, v)] = my_finalize[CELL(i, v)];
  log_nullify[CELL(i, v)] = my_nullify[CELL(i, v)]
}

/* A crash, and a start from the log. The view follows from certificates, which are on disk. */
inline Restart(i, v) {
  my_notarize[CELL(i, v)] = log_notarize[CELL(i, v)];
  my_finalize[CELL(i, v)] = log_finalize[CELL(i, v)];
  my_nullify[CELL(i, v)] = log_nullify[CELL(i, v)]
}

inline Send(i, v) {
  w = my_notarize[CELL(i, v)];
  if :: w != 0 -> notarized_by[w] = notarized_by[w] | (1 << i) :: else fi;
  w = my_finalize[CELL(i, v)];
  if :: w != 0 -> finalized_by[w] = finalized_by[w] | (1 << i) :: else fi;
  if :: my_nullify[CELL(i, v)] -> nullified_by[v] = nullified_by[v] | (1 << i) :: else fi;
  w = 0
}

#ifndef TRACE
#include "explore.pml"
#endif
