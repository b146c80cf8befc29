/* The rotation of a root key, as `fioctl keys rotate` and `rota` carry it out: two administrators with copies of one archive,
 * a service, a network that loses and delays, machines that lose power between any two steps.
 *
 * Proved (tests/model runs all of it):
 *   never locked out     at every instant the private half of the key that the newest root names is on an owner's disk
 *   never two heads      the service admits at most one root N+1 after each root N
 *   not given up early   an archive loses the old key only when the service shows a root that names the new one
 *   settled at last      when crashes and losses end, both administrators come to rest: rotated, or everything as it was
 *
 * A disk is what survives: FILE (`archive`), FILE.tmp (`next`), FILE.journal, FILE.unused-… (`aside`). Writing is one step,
 * making it durable the next; a crash between the two may lose it. Keys are numbers: 1 is the first root's, each rotation
 * generates one that is new. Root n names key head_key[n]; a candidate is (version, key) signed by the key of version - 1.
 *
 * Compiled with one of the macros below, a rule is broken; the proof must then fail. That shows that the model sees it.
 *   EARLY_SEND       the request leaves before the new archive is durable
 *   EARLY_REPLACE    FILE is replaced when the request was sent, not when the service shows the root
 *   LOST_IS_REFUSED  no answer is taken for a refusal: the new key is thrown away
 *   NO_FENCE         the service does not compare the version with its newest root's
 */
#define ADMINS 2
#define ROOTS 4       /* versions 1..ROOTS can exist */
#ifndef CRASHES
#define CRASHES 2     /* in a run, over both machines */
#endif
#define LOSSES 1      /* requests whose answer is not waited for */

#define KEYS 16       /* bit set of keys; key k is bit k */
#define HAS(set, key) (((set) >> (key)) & 1)
#define WITH(set, key) ((set) | (1 << (key)))

mtype = { none, prepared, sending, confirmed };   /* states of FILE.journal */
mtype = { idle, busy, rotated, unchanged };       /* what an administrator sees of his command */
mtype = { accepted, conflict };                   /* answers of the service */

byte head = 1;               /* newest version of the service's chain; one database row, changed in a transaction */
byte head_key[ROOTS + 1];
byte heads_after[ROOTS + 1]; /* how many roots were ever admitted after version n */

/* Each administrator's disk. */
short archive[ADMINS];        /* keys in FILE */
short next[ADMINS];           /* keys in FILE.tmp; 0: there is none */
short aside[ADMINS];          /* keys in FILE.unused-… and FILE.bak */
mtype journal[ADMINS] = none;
byte planned_version[ADMINS]; /* in the journal */
byte planned_key[ADMINS];
byte planned_signer[ADMINS];
mtype standing[ADMINS] = idle;
bool settled[ADMINS];

byte next_key = 2;
byte crashes = 0;
byte losses = 0;

/* Requests wait in the network as long as it likes; the service may meet one after its sender died. */
chan request = [2] of { byte, byte, byte, byte };   /* administrator, version, key, signer */
chan answer[ADMINS] = [1] of { mtype };

#define HELD (archive[0] | archive[1] | next[0] | next[1] | aside[0] | aside[1])

inline check() {
  assert(HAS(HELD, head_key[head]));  /* never locked out */
}

active proctype Service() {
  byte from, version, key, signer;
end:
  do
  :: request ? from, version, key, signer ->
     atomic {
#ifndef NO_FENCE
       if
       :: version == head + 1 && signer == head_key[head] && version <= ROOTS ->
#else
       if
       :: version <= ROOTS && signer == head_key[version - 1] ->
#endif
          head_key[version] = key;
          heads_after[version - 1]++;
          assert(heads_after[version - 1] == 1);  /* never two heads */
          head = version;
          check();
          if
          :: nfull(answer[from]) -> answer[from] ! accepted
          :: full(answer[from])
          fi
       :: else ->
          if
          :: nfull(answer[from]) -> answer[from] ! conflict
          :: full(answer[from])
          fi
       fi;
       from = 0; version = 0; key = 0; signer = 0
     }
  od
}

/* The power may go at any step: everything but the disk is forgotten, the command is run again with --resume. */
#define MAY_CRASH :: crashes < CRASHES -> atomic { crashes++; goto start }

proctype Administrator(byte me) {
  short made;      /* FILE.tmp as written, not yet durable */
  byte key;
  bool shown_ours, shown_old;
  mtype got;

start:
  atomic { made = 0; key = 0; shown_ours = false; shown_old = false; got = 0 }
  if
  :: journal[me] != none -> goto settle
  :: journal[me] == none && next[me] != 0 -> atomic {       /* prepared, but no journal: nothing was sent */
       aside[me] = aside[me] | next[me];
       next[me] = 0;
       check()
     };
     goto start
  :: journal[me] == none && next[me] == 0 && standing[me] != idle && standing[me] != busy -> goto done
  :: journal[me] == none && next[me] == 0 && (standing[me] == idle || standing[me] == busy) -> skip
  fi;

  /* Steps 1 to 8: read, verify, edit, sign; nothing of it leaves memory. */
  if
  :: atomic { head < ROOTS && HAS(archive[me], head_key[head]) && next_key < KEYS ->
       standing[me] = busy;
       key = next_key;
       next_key++;
       planned_version[me] = head + 1;
       planned_key[me] = key;
       planned_signer[me] = head_key[head]
     }
  :: else -> atomic { standing[me] = unchanged };  /* the archive cannot sign the newest root, or no version is left */
     goto done
  fi;

#ifdef EARLY_SEND
  request ! me, planned_version[me], planned_key[me], planned_signer[me];
#endif

  /* Step 9: FILE.tmp written, then durable; the journal only after it. */
  made = WITH(archive[me], key);
  if
  MAY_CRASH
  :: atomic { next[me] = made; made = 0 }
  fi;
  if
  MAY_CRASH
  :: journal[me] = prepared
  fi;

settle:
  atomic { key = planned_key[me] };
  if
  MAY_CRASH
  :: journal[me] == confirmed -> goto replace
  :: journal[me] == prepared || journal[me] == sending -> skip
  fi;

  /* What does the service show? A read that fails is no answer and changes nothing; it is tried again. */
  atomic {
    shown_ours = (head >= planned_version[me] && head_key[planned_version[me]] == key);
    shown_old = (head == planned_version[me] - 1)
  };
  if
  :: shown_ours -> goto confirm
  :: !shown_ours && !shown_old -> goto superseded
  :: shown_old -> skip
  fi;

  /* Step 10: from here on the new key may be known to others. */
  journal[me] = sending;
  if
  MAY_CRASH
  :: request ! me, planned_version[me], key, planned_signer[me]
  fi;
#ifdef EARLY_REPLACE
  goto replace;
#endif
  if
  MAY_CRASH
  :: atomic { answer[me] ? got; got = 0 } -> goto settle  /* whatever it says, step 11 looks for itself */
  :: losses < LOSSES -> losses++;     /* no answer: the request or the reply was lost, or both take their time */
#ifdef LOST_IS_REFUSED
     goto superseded
#else
     goto settle
#endif
  fi;

confirm:
  journal[me] = confirmed;
replace:
  /* Step 12: backup of FILE, FILE.tmp becomes FILE, the journal goes. */
  if
  MAY_CRASH
  :: aside[me] = aside[me] | archive[me]
  fi;
  atomic {
    if
    :: next[me] != 0 ->
#ifndef EARLY_REPLACE
       skip;
#endif
       assert(head >= planned_version[me] && head_key[planned_version[me]] == key);  /* not given up early */
       archive[me] = next[me];
       next[me] = 0;
       check()
    :: next[me] == 0 -> skip          /* renamed before the crash */
    fi
  };
  if
  MAY_CRASH
  :: atomic { journal[me] = none; standing[me] = rotated; planned_version[me] = 0; planned_key[me] = 0; planned_signer[me] = 0 }
  fi;
  goto done;

superseded:
  /* Another root N+1 is there: ours can never be admitted. The new archive is kept under another name. */
  atomic {
#ifdef LOST_IS_REFUSED
    next[me] = 0;
#else
    aside[me] = aside[me] | next[me];
    next[me] = 0;
#endif
    check()
  };
  if
  MAY_CRASH
  :: atomic { journal[me] = none; standing[me] = unchanged; planned_version[me] = 0; planned_key[me] = 0; planned_signer[me] = 0 }
  fi;

done:
  atomic {
    check();
    settled[me] = true
  }
}

init {
  atomic {
    head_key[1] = 1;
    archive[0] = WITH(0, 1);
    archive[1] = WITH(0, 1);
    run Administrator(0);
    run Administrator(1)
  }
}

ltl settled_at_last { <> (settled[0] && settled[1]) }
