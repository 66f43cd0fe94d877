/* Every run of the rules in simplex.pml, and what must hold in it. */

byte seed;           /* leader of v: validator (seed + v) mod 4 */
num proof[POSITIONS];  /* the parent's position */
#define LEADER(v) ((seed + (v)) % 4)
#define MADE(x) (at_view[x] != 0)

/* Leader of view v makes the block of position x on y. After the end of an epoch: the same one. */
inline Make(x, v, y) {
  at_view[x] = v;
  parent_view[x] = at_view[y];
  proof[x] = y;
#ifdef ENDS_EPOCH
  ends_epoch[x] = true;
#endif
#if defined(ENDS_EPOCH) && !defined(BREAK_EPOCH_END)
  block[x] = (at_view[y] != 0 -> block[y] : x);
#else
  block[x] = x;
#endif
  if
  :: block[x] == x -> parent[x] = block[y]
  :: else
  fi
}

/* A block nobody voted for was never there. */
inline Unmake(x) {
  if
  :: notarized_by[x] == 0 ->
    at_view[x] = 0; parent_view[x] = 0; proof[x] = 0; block[x] = 0; parent[x] = 0;
    ends_epoch[x] = false
  :: else
  fi
}

/* Persist, then send: between the two, and before, the process may die. */
inline PersistAndSend(i, v) {
#ifdef BREAK_SYNC
  Send(i, v);
  if
  :: Persist(i, v)
  :: Restart(i, v)
  fi
#else
  if
  :: d_step { Persist(i, v); Send(i, v) }
  :: Restart(i, v)
  fi
#endif
}

/* What must never be: of votes alone, so whatever anybody may come to hold. */
bool two_notarized, final_and_nullified, final_passed_by, fork, finalized;

inline Compare(x, y) {
  if
  :: x != y && NOTARIZATION(x) && NOTARIZATION(y) && at_view[x] == at_view[y] ->
    two_notarized = true
  :: else
  fi;
  if
  :: FINALIZATION(x) && NOTARIZATION(y) && at_view[y] > at_view[x] ->
    Extends(y, x);
    final_passed_by = final_passed_by || !ok
  :: else
  fi;
  if
  :: FINALIZATION(x) && FINALIZATION(y) && at_view[y] >= at_view[x] ->
    Extends(y, x);
    fork = fork || !ok || (ends_epoch[block[x]] && block[y] != block[x])
  :: else
  fi
}

inline CheckSafety() {
  d_step {
    x = 1;
    do
    :: x < POSITIONS ->
      finalized = finalized || (FINALIZATION(x) && at_view[x] == VIEWS);
      final_and_nullified = FINALIZATION(x) && NULLIFICATION(at_view[x]);
      assert(!final_and_nullified);
      y = 1;
      do
      :: y < POSITIONS -> Compare(x, y); y++
      :: else -> break
      od;
      assert(!two_notarized); assert(!fork); assert(!final_passed_by);
      x++
    :: else -> break
    od;
#ifdef SHOW_FINAL
    assert(!finalized);  /* has to fail: a block of the last view can become final */
#endif
    finalized = false; x = 0; y = 0; ok = false
  }
}

/* The leader's own block, or one of the two that a Byzantine leader shows to some. */
inline ChooseBlock(i, v) {
  if
  :: x = 2 * v - 1
  :: LEADER(v) == BYZANTINE && MADE(2 * v - 1) -> x = 2 * v
  fi;
  if
  :: MADE(x) -> y = proof[x]
  :: !MADE(x) && (LEADER(v) == i || LEADER(v) == BYZANTINE) ->
    select (y : 0 .. 2 * (v - 1));
    if
    :: y == 0 || NOTARIZATION(y) -> Make(x, v, y)
    :: else -> x = 0
    fi
  :: else -> x = 0
  fi
}

proctype Validator(byte i) {
  byte v;
  do
  :: atomic {
      view[i] <= VIEWS ->
      select (v : 1 .. VIEWS);
      if
      :: IS_IN_VIEW(i, v) -> ChooseBlock(i, v)
      :: else
      fi;
      if
      :: x != 0 ->
        d_step { JudgeNotarize(i, x, y) };
        if
        :: ok -> EnterBehind(i, v - 1); my_notarize[CELL(i, v)] = x; PersistAndSend(i, v)
        :: else
        fi;
        Unmake(x)
      :: else
      fi;
      v = 0;
      CheckSafety()
    }
  :: atomic {
      view[i] <= VIEWS ->
      select (v : 1 .. VIEWS);
      if
      :: MAY_NULLIFY(i, v) ->
        EnterBehind(i, v - 1);
        my_nullify[CELL(i, v)] = true;
        PersistAndSend(i, v);
        CheckSafety()
      :: else
      fi;
      v = 0
    }
  :: atomic {
      select (x : 1 .. POSITIONS - 1);
      if
      :: MADE(x) && MAY_FINALIZE(i, x) ->
        my_finalize[CELL(i, at_view[x])] = x;
        PersistAndSend(i, at_view[x]);
        EnterBehind(i, at_view[x]);
        CheckSafety()
      :: else -> x = 0
      fi
    }
  :: atomic {
      select (x : 1 .. POSITIONS - 1);
      if
      :: FINALIZATION(x) && at_view[x] > FLOOR_VIEW(i) -> d_step { RaiseFloor(i, x) }
      :: else
      fi;
      x = 0
    }
  od
}

init {
  atomic {
    byte i;
    select (seed : 0 .. 3);
    for (i : 0 .. HONEST - 1) { run Validator(i) }
  }
}
