/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks, recovery and deaths: 3 nodes, 2 regions, checked to the last state.
 * tests/model/run checks it, and that each planted bug (BUG_...) is found.
 *
 * THE ORDER. `U M K T lost` are the replicated state at the head of the total
 * order. A message under way is a pending bit of its sender; "ordered" is the
 * step that applies it at the head. Each node follows at its own pace: what its
 * daemon answers from (`view vK rep`) is a copy, which catches up with the head
 * in one jump, at any time. A node that stops in between is one that jumped
 * earlier, so this is every possible lag, and needs no queues. A node's own
 * message counts for it when it has caught up. Messages of one node stay in
 * order where it matters: clear before mark, report before the next work.
 *
 * THE KERNEL of a node: one worker, which sleeps in each request; a write asks
 * IS_REMOTE_RECOVERING (not below the hint), IN_SYNC twice, MARK, and goes to the
 * legs each at its own time; one copy at a time, its read and its write apart.
 *
 * THE DATA. A block is written by one node at a time (that is the application's
 * business), and only copies touch the blocks of others. Nodes are alike, so it
 * is enough to follow one block in each region, written by node 0; writes of the
 * others are elsewhere in the region. A write turns its block to the other of two
 * values, so what a copy brings back differs from what was written.
 *
 * LEFT OUT (the simulator has it): the log device, legs that fail, a RELEASE and
 * ATTACH are one step (nothing happens at a node in between), quorum, joins.
 * Bounded: WRITES writes, DEATHS nodes that die, RESTARTS daemons that do.
 */
#define N 3
#define R 2
#ifndef WRITES
#define WRITES 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif

/* The order's head. Sets of regions are bits. */
byte U;          /* unsynced */
byte M[N];       /* marked */
byte K[N], T[N]; /* handed out to be copied; of these, tainted */
bool lost[N], down[N], fenced[N];

/* Daemons. */
bool daemon[N];
byte view[N], vK[N]; /* what is out of sync, and own work, as far as delivered */
byte rep[N], pd[N];  /* copies reported and not delivered; of these, not ordered */
byte claimed[N], unk[N], pclr[N]; /* own marks; those of an earlier daemon; clears under way */
byte told[N], hint[N];

/* Kernels. */
bool alive[N];
byte khint[N];
byte w[N], wr[N], wv[N]; /* the write: where it stands, region, value */
bool l1[N], l2[N];       /* it is under way to that leg */
byte c[N], cr[N], cbuf[N]; /* the copy */
byte susp[N];

#define W_NONE  0
#define W_QUEUE 1
#define W_CLEAR 2 /* said to be not recovered elsewhere */
#define W_SYNC  3 /* IN_SYNC 1: for all legs */
#define W_NOSYNC 4 /* IN_SYNC 0: for the first leg */
#define W_MARK  5 /* MARK on its way */
#define W_MARKED 6 /* ordered */
#define W_LEGS  7 /* answered */
#define W_RAW   8 /* to the legs without a mark */
#define W_DELAY 9 /* behind the own copy */

#define C_NONE  0
#define C_ASK   1 /* WORK on its way */
#define C_GIVEN 2 /* ordered */
#define C_START 3
#define C_READ  4
#define C_WRITTEN 5

/* The mirror, and what the properties need to remember. */
byte leg1, leg2; /* a bit for each region */
byte overrun[N]; /* this node's copy met a write of another */
byte owed;       /* marked by a dead node, not copied since */
byte writes = WRITES, deaths = DEATHS, restarts = RESTARTS;

#define BIT(r)        (1 << (r))
#define FIRST(set)    (((set) & 1) -> 0 : (((set) & 2) -> 1 : R))
#define LOST_MARKS    ((lost[0] -> M[0] : 0) | (lost[1] -> M[1] : 0) | (lost[2] -> M[2] : 0))
#define NOT_IN_SYNC   (U | LOST_MARKS)
#define OTHERS(A, n)  (A[((n) + 1) % N] | A[((n) + 2) % N])
#define BUSY(n)       ((w[n] >= W_CLEAR && w[n] <= W_MARKED) || c[n] == C_ASK || c[n] == C_GIVEN)
#define WRITING(n, r) ((w[n] == W_LEGS || w[n] == W_RAW) && wr[n] == (r) && (l1[n] || l2[n]))
#define COPYING(n, r) (c[n] >= C_START && cr[n] == (r))
#define HELD(n, r)    (w[n] >= W_MARK && w[n] <= W_LEGS && wr[n] == (r))
#define UP(n)         (alive[n] && daemon[n])
#define PUT(leg, r, v) leg = (leg & ~BIT(r)) | ((v) << (r))

#ifdef BUG_HAND_OUT_MARKED
#define TAKEN(n) OTHERS(K, n)
#else
#define TAKEN(n) (OTHERS(K, n) | OTHERS(M, n))
#endif
#define FREE(n) (U & ~K[n] & ~TAKEN(n) & 3)

#ifdef BUG_REPORT_TWICE
#define OWN_WORK(n) vK[n]
#else
#define OWN_WORK(n) (vK[n] & ~rep[n] & 3)
#endif

/* Does a write to r wait until somebody has copied it? */
#define MUST_WAIT(n, r) (!susp[n] && (view[n] & BIT(r)) && !(OWN_WORK(n) & BIT(r)))
#ifdef BUG_HINT
#define SAYS_IN_SYNC(n, r) ((told[n] & BIT(r)) || !(view[n] & BIT(r)))
#else
#ifdef BUG_TOLD_CLEAR
#define SAYS_IN_SYNC(n, r) ((r) < hint[n] || !(view[n] & BIT(r)))
#else
#define SAYS_IN_SYNC(n, r) ((r) < hint[n] || (told[n] & BIT(r)) || !(view[n] & BIT(r)))
#endif
#endif

byte i, x; /* in d_steps only, 0 between them */

/* Property 4, and the one all are for: in sync, and nobody is writing: the legs are the same. */
inline check()
{
	x = NOT_IN_SYNC;
	assert(!(owed & ~x));
	for (i : 0 .. R - 1) {
		if
		:: !(x & BIT(i)) && !WRITING(0, i) && !(!alive[0] && !down[0]) &&
		   !(c[0] == C_READ && cr[0] == i) && !(c[1] == C_READ && cr[1] == i) && !(c[2] == C_READ && cr[2] == i) ->
			assert((leg1 & BIT(i)) == (leg2 & BIT(i)))
		:: else
		fi
	}
	i = 0; x = 0
}

/* Reports of a node come to the head. Property 2. */
inline apply_reports(n)
{
	for (i : 0 .. R - 1) {
		if
		:: (pd[n] & BIT(i)) && (K[n] & BIT(i)) ->
			K[n] = K[n] & ~BIT(i);
			if
			:: T[n] & BIT(i) -> T[n] = T[n] & ~BIT(i)
			:: else ->
				assert(!(overrun[n] & BIT(i)));
				U = U & ~BIT(i)
			fi
		:: else
		fi
	}
	i = 0;
	pd[n] = 0
}

#ifdef BUG_NO_TAINT
#define TAINT 0
#else
#define TAINT BIT(r)
#endif
inline taint(n, r)
{
	for (i : 0 .. N - 1) {
		if
		:: i != n && (K[i] & BIT(r)) -> T[i] = T[i] | TAINT
		:: else
		fi
	}
	i = 0
}

/* A write touches a region: copies of others that go on have met it. */
inline touch(n)
{
	for (i : 0 .. N - 1) {
		if
		:: i != n && c[i] == C_READ && cr[i] == wr[n] -> overrun[i] = overrun[i] | BIT(wr[n])
		:: else
		fi
	}
	i = 0
}

inline to_legs(n, phase, second)
{
	w[n] = phase;
	if
	:: n == 0 -> wv[n] = 1 - ((leg1 >> wr[n]) & 1)
	:: else
	fi;
	l1[n] = 1;
	l2[n] = (n == 0 && second);
	touch(n)
}

inline catch_up(n)
{
	view[n] = NOT_IN_SYNC;
	vK[n] = K[n];
	rep[n] = pd[n]
}

inline give(n)
{
	if
	:: OWN_WORK(n) -> cr[n] = FIRST(OWN_WORK(n)); c[n] = C_START
	:: else -> c[n] = C_NONE; cr[n] = 0
	fi
}

inline end_write(n)
{
	w[n] = W_NONE; wr[n] = 0; wv[n] = 0; l1[n] = 0; l2[n] = 0
}

inline end_copy(n)
{
	c[n] = C_NONE; cr[n] = 0; cbuf[n] = 0
}

proctype node(byte n)
{
end:	do
	/* --- the write --- */
	:: d_step { UP(n) && w[n] == W_NONE && !susp[n] && writes > 0 -> writes--; w[n] = W_QUEUE }
	:: d_step { UP(n) && w[n] == W_NONE && !susp[n] && writes > 0 -> writes--; w[n] = W_QUEUE; wr[n] = 1 }
	:: d_step { UP(n) && w[n] == W_QUEUE && !BUSY(n) && wr[n] < khint[n] -> w[n] = W_CLEAR }
	:: d_step { UP(n) && w[n] == W_QUEUE && !BUSY(n) && wr[n] >= khint[n] ->
		if
		:: FIRST(view[n]) > hint[n] -> hint[n] = FIRST(view[n])
		:: else
		fi;
		khint[n] = hint[n];
		if
		:: MUST_WAIT(n, wr[n]) -> told[n] = told[n] & ~BIT(wr[n])
		:: else -> told[n] = told[n] | BIT(wr[n]); w[n] = W_CLEAR
		fi }
	:: d_step { UP(n) && w[n] == W_CLEAR ->
		if
		:: COPYING(n, wr[n]) -> w[n] = W_DELAY
		:: else ->
			if
			:: SAYS_IN_SYNC(n, wr[n]) -> w[n] = W_SYNC
			:: else -> w[n] = W_NOSYNC
			fi
		fi }
	:: d_step { UP(n) && w[n] == W_SYNC ->
		if
		:: !SAYS_IN_SYNC(n, wr[n]) -> to_legs(n, W_RAW, 1)
		:: else ->
			unk[n] = unk[n] & ~BIT(wr[n]);
			if
			:: claimed[n] & BIT(wr[n]) -> to_legs(n, W_LEGS, 1)
			:: else -> claimed[n] = claimed[n] | BIT(wr[n]); w[n] = W_MARK
			fi
		fi;
#ifdef BUG_EARLY_FLUSH
		if
		:: w[n] == W_MARK -> to_legs(n, W_MARK, 1)
		:: else
		fi;
#endif
		check() }
	:: d_step { UP(n) && w[n] == W_NOSYNC -> to_legs(n, W_RAW, 0); check() }
	/* Ordered. A dead node's message may have been under way. */
	:: d_step { daemon[n] && !down[n] && w[n] == W_MARK && !(pclr[n] & BIT(wr[n])) ->
		M[n] = M[n] | BIT(wr[n]);
		taint(n, wr[n]);
		w[n] = W_MARKED;
		check() }
	/* The legs; a dead node's writes land or do not, until it is fenced. */
#ifdef BUG_EARLY_FLUSH
#define ON_LEGS(n) (w[n] == W_MARK || w[n] == W_MARKED || w[n] == W_LEGS || w[n] == W_RAW)
#else
#define ON_LEGS(n) (w[n] == W_LEGS || w[n] == W_RAW)
#endif
	:: d_step { ON_LEGS(n) && l1[n] ->
		assert(w[n] == W_RAW || down[n] || (M[n] & BIT(wr[n]))); /* property 1 */
		touch(n);
		if
		:: n == 0 -> PUT(leg1, wr[n], wv[n])
		:: else
		fi;
		l1[n] = 0;
		check() }
	:: d_step { ON_LEGS(n) && l2[n] ->
		assert(w[n] == W_RAW || down[n] || (M[n] & BIT(wr[n])));
		touch(n);
		PUT(leg2, wr[n], wv[n]);
		l2[n] = 0;
		check() }
	/* Ended: CLEAR. The mark is kept for a while, unless the region has to be copied. */
	:: d_step { UP(n) && (w[n] == W_LEGS || w[n] == W_RAW) && !l1[n] && !l2[n] && !BUSY(n) ->
		told[n] = told[n] & ~BIT(wr[n]);
		unk[n] = unk[n] & ~BIT(wr[n]);
		if
		:: (view[n] & BIT(wr[n])) && (claimed[n] & BIT(wr[n])) ->
			claimed[n] = claimed[n] & ~BIT(wr[n]); pclr[n] = pclr[n] | BIT(wr[n])
		:: else
		fi;
		end_write(n) }
	/* A retained mark is let go. */
	:: d_step { UP(n) && (claimed[n] & ~unk[n] & 1) && !HELD(n, 0) ->
		claimed[n] = claimed[n] & ~1; pclr[n] = pclr[n] | 1 }
	:: d_step { UP(n) && (claimed[n] & ~unk[n] & 2) && !HELD(n, 1) ->
		claimed[n] = claimed[n] & ~2; pclr[n] = pclr[n] | 2 }
	:: d_step { daemon[n] && !down[n] && pclr[n] -> M[n] = M[n] & ~pclr[n]; pclr[n] = 0; check() }

	/* --- the copy --- */
	:: d_step { UP(n) && c[n] == C_NONE && !BUSY(n) && !susp[n] && khint[n] < R && OWN_WORK(n) -> give(n) }
	:: d_step { UP(n) && c[n] == C_NONE && !BUSY(n) && !susp[n] && khint[n] < R && !OWN_WORK(n) && view[n] ->
		c[n] = C_ASK }
	:: d_step { daemon[n] && !down[n] && c[n] == C_ASK ->
		apply_reports(n);
		if
		:: FREE(n) -> K[n] = K[n] | BIT(FIRST(FREE(n)))
		:: else
		fi;
		c[n] = C_GIVEN;
		check() }
	/* Whoever waits for a region has it copied first. */
	:: d_step { daemon[n] && !down[n] && c[n] == C_ASK ->
		apply_reports(n);
		if
		:: FREE(n) & 2 -> K[n] = K[n] | 2
		:: else
		fi;
		c[n] = C_GIVEN;
		check() }
	/* Own writes to the region have ended. */
	:: d_step { alive[n] && c[n] == C_START && !WRITING(n, cr[n]) ->
		cbuf[n] = (leg1 >> cr[n]) & 1;
		c[n] = C_READ;
		overrun[n] = overrun[n] & ~BIT(cr[n]);
		for (i : 0 .. N - 1) {
			if
			:: i != n && !fenced[i] && WRITING(i, cr[n]) -> overrun[n] = overrun[n] | BIT(cr[n])
			:: else
			fi
		}
		i = 0;
		if
		:: !(LOST_MARKS & BIT(cr[n])) -> owed = owed & ~BIT(cr[n])
		:: else
		fi }
	:: d_step { c[n] == C_READ -> PUT(leg2, cr[n], cbuf[n]); c[n] = C_WRITTEN; cbuf[n] = 0; check() }
	:: d_step { UP(n) && c[n] == C_WRITTEN && !BUSY(n) ->
		if
		:: vK[n] & BIT(cr[n]) -> rep[n] = rep[n] | BIT(cr[n]); pd[n] = pd[n] | BIT(cr[n])
		:: else
		fi;
		if
		:: w[n] == W_DELAY -> w[n] = W_QUEUE
		:: else
		fi;
		end_copy(n) }
	:: d_step { daemon[n] && !down[n] && pd[n] -> apply_reports(n); check() }

	/* --- following the order --- */
	:: d_step { UP(n) && (view[n] != NOT_IN_SYNC || vK[n] != K[n] || rep[n] != pd[n] || w[n] == W_MARKED || c[n] == C_GIVEN) ->
		catch_up(n);
		if
#ifdef BUG_EARLY_FLUSH
		:: w[n] == W_MARKED -> w[n] = W_LEGS
#else
		:: w[n] == W_MARKED -> to_legs(n, W_LEGS, 1)
#endif
		:: else
		fi;
		if
		:: c[n] == C_GIVEN -> give(n)
		:: else
		fi }
	/* GET_SYNC_COUNT: told "all". */
	:: d_step { UP(n) && !BUSY(n) && view[n] == 0 && khint[n] < R -> hint[n] = R; khint[n] = R }

	/* --- suspend and resume, when the kernel was told too much --- */
	:: d_step { UP(n) && !susp[n] && c[n] == C_NONE && !BUSY(n) && (FIRST(view[n]) < hint[n] || unk[n]) -> susp[n] = 1 }
	/* Work that is not done is given back. */
	:: d_step { daemon[n] && !down[n] && susp[n] == 1 ->
		apply_reports(n); K[n] = 0; T[n] = 0; susp[n] = 2; check() }
	:: d_step { UP(n) && susp[n] == 2 && w[n] == W_NONE && c[n] == C_NONE ->
		apply_reports(n);
		M[n] = 0; K[n] = 0; T[n] = 0;
		pclr[n] = 0; claimed[n] = 0; unk[n] = 0; told[n] = 0;
		hint[n] = 0; khint[n] = 0; susp[n] = 0;
		catch_up(n);
		check() }

	/* --- a daemon dies: what was under way and is not ordered is lost --- */
	:: d_step { n < 2 && UP(n) && restarts > 0 && !susp[n] ->
		restarts--;
		daemon[n] = 0;
		pclr[n] = 0; pd[n] = 0; rep[n] = 0; claimed[n] = 0; unk[n] = 0; told[n] = 0; hint[n] = 0; view[n] = 0; vK[n] = 0;
		if
		:: w[n] == W_MARK || w[n] == W_MARKED -> w[n] = W_SYNC /* asked again */
		:: else
		fi;
		if
		:: c[n] == C_ASK || c[n] == C_GIVEN -> c[n] = C_NONE
		:: else
		fi }
	/* The next one: the kernel may hold what its node has marked, and is asked nothing that it was told. */
	:: d_step { alive[n] && !daemon[n] ->
		daemon[n] = 1;
#ifdef BUG_CLEAR_ON_RECONNECT
		M[n] = 0;
#endif
		claimed[n] = M[n]; unk[n] = M[n];
		hint[n] = R;
		catch_up(n);
		check() }

	/* --- a node dies --- */
	:: d_step { n < 2 && alive[n] && deaths > 0 -> deaths--; alive[n] = 0 }
	:: d_step { !alive[n] && !down[n] ->
		down[n] = 1;
		pd[n] = 0; pclr[n] = 0; rep[n] = 0;
		M[n] = M[n] | K[n]; K[n] = 0; T[n] = 0;
		owed = owed | M[n];
#ifdef BUG_FORGET_DEAD
		M[n] = 0;
#endif
		lost[n] = (M[n] != 0);
		check() }
	/* Known to be gone: nothing of it lands any more. */
	:: d_step { down[n] && !fenced[n] ->
		fenced[n] = 1;
#ifndef BUG_NOT_FENCED
		end_write(n); end_copy(n);
#endif
		U = U | M[n]; M[n] = 0; lost[n] = 0;
		view[n] = 0; vK[n] = 0; claimed[n] = 0; unk[n] = 0; told[n] = 0; hint[n] = 0; khint[n] = 0; susp[n] = 0;
		check() }
	od
}

init {
	atomic {
		/* The mirror is in sync, or half of it, or new: then its legs may differ. */
		if
		:: U = 0
		:: U = 1
		:: U = 2
		:: U = 3
		fi;
		leg2 = U;
		for (i : 0 .. N - 1) {
			daemon[i] = 1; alive[i] = 1; view[i] = U
		}
		i = 0;
		run node(0); run node(1); run node(2)
	}
}
