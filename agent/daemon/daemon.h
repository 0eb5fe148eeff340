/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent: one event loop around the reconciler.  Nothing in it waits: disks
 * and hostile files are the reader's, keys and fsync(2) the signer's.
 *
 *   daemon.c           start, loop, end
 *   daemon_scan.c      the watched directory
 *   daemon_snapshot.c  signed states
 *   daemon_signer.c    the process that signs them, and the next one; texts it keeps
 *   daemon_request.c   the control socket
 *   daemon_status.c    status, a part of it in each turn of the loop
 *   daemon_orders.c    what users order of jails
 *   daemon_trust.c     the record of signed specs, and another key
 */
#ifndef JA_DAEMON_H
#define JA_DAEMON_H

#include <stdio.h>

#include "agent/reconcile/absence.h"
#include "agent/base/channel.h"
#include "agent/base/program.h"
#include "agent/daemon/control.h"
#include "agent/daemon/unseen.h"
#include "agent/reconcile/backoff.h"
#include "agent/reconcile/reconcile.h"
#include "agent/sign/snapshot.h"

struct daemon_options {
	const char *dir;
	unsigned letters;
	unsigned parallel;
	unsigned interval; /* seconds between rescans */
	unsigned keep_snapshots; /* 0: all */
	bool below;	   /* with the directories below it */
	struct limit max_remove, max_restart;
	bool trust; /* check owners and modes */
	const struct minisign_public *key; /* that must have signed the specs */
	size_t keys; /* 0: nobody need have */
};

/* Somebody waits for an answer. */
struct waiter {
	TAILQ_ENTRY(waiter) link;
	struct control_client *client;
	uint64_t after_scan; /* a scan with a higher number counts */
	int64_t asked_at; /* ms; what was so then must be known */
	bool gone;	     /* --for gone */
	char *revision;	     /* of the specs; NULL: whatever it is */
	size_t busy;	     /* number of the last jail that it waited for */
	bool confirmed;	     /* a scan after the settling said it again */
	json_t *deeds;	     /* apply: messages of what was done meanwhile */
	struct text_list names;
};

/* The newest revisions that scans met, to tell who waits for an older one. */
struct revisions {
	char seen[64][128];
	size_t next;
};

struct daemon {
	const struct context *ctx;
	struct daemon_options opt;
	char set[PATHS_MAX];
	int lock;

	struct event_base *base;
	struct jail_kernel *kernel;
	struct observer observer;
	struct inventory inventory;
	struct vault vault;
	struct children *children;
	struct reconciler reconciler;
	bool has_reconciler;

	/* daemon_scan.c */
	struct absence absence;
	char *said_hold; /* its hold that was logged last, or NULL */
	struct channel *reader;
	struct event *scan_timer, *rescan_timer;
	struct event *overdue; /* the reader's answer */
	bool mute;	       /* it did not come */
	bool scanning, scan_again;
	uint64_t scans_asked, scans_done;
	int64_t asked_at; /* ms, of the last of these */
	int64_t known_at; /* ms, see scan_known */
	struct scan scan;
	bool has_scan;
	struct unseen unseen; /* the directory */
	struct revisions revisions;

	/* daemon_snapshot.c */
	struct channel *signer;
	struct event *snapshot_timer;
	bool signing, sign_again; /* something came up meanwhile */
	bool said_uncopied; /* nor the copy of an applied spec */
	int64_t snapshot_at; /* ms, of the last one */
	bool recording; /* jails are being told to the signer */
	size_t to_record, recorded; /* for this snapshot: left, and all */
	uint64_t record_scan; /* of the specs that it is about */
	char snapshot_problem[512];
	bool not_signed; /* that is why; else it is only odd */
	struct event *compact_timer; /* the journal is being written anew */

	/* daemon_signer.c */
	bool signer_down; /* it has ended, and the next one is not there */
	bool unkept;	  /* last good texts may be, that it was told of */
	char not_kept[512]; /* why one could not be kept; "": they are */
	bool keeping;	  /* the reader looks which, and tells of them again */
	struct event *keep_timer;
	struct event *signer_timer;
	struct backoff signer_ends; /* when the next one is started */

	/* daemon_orders.c */
	struct standing standing;
	struct event *order_timer;

	/* daemon_trust.c */
	struct control_client *asker; /* waits for the signer's answer */
	struct event *asker_timer;
	bool asking; /* it has not come, whoever waits */
	bool recording_numbers; /* the reader waits for one, too */
	bool unrecorded; /* the last one to it was a problem */

	/* daemon_request.c */
	struct control *control;
	TAILQ_HEAD(, waiter) waiters;

	/* daemon_status.c */
	TAILQ_HEAD(, status_asker) status_askers;

	struct event *kernel_event, *address_event, *signals[3];
	int addresses; /* what tells of them: kernel/iface.h */
	bool said_unwatched;
	int status; /* exit status */
};

/* Runs until SIGTERM or SIGINT; returns the exit status. */
int daemon_run(const struct context *ctx, const struct daemon_options *opt);

/* Whether the lock's file is still the one that this process locked. */
bool daemon_holds_lock(const struct daemon *d);

/* One line of the log: to standard error, with the time. */
void daemon_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* daemon_scan.c */
int daemon_scan_start(struct daemon *d, int reader, struct error *err);
void daemon_scan_stop(struct daemon *d);
void daemon_scan_soon(struct daemon *d);
/* For what failed, and may go on to do so. */
void daemon_scan_later(struct daemon *d);
/* The same, and events from what the directory's path leads to now. */
void daemon_scan_anew(struct daemon *d);

/* daemon_snapshot.c */
struct message;
int daemon_snapshot_start(struct daemon *d, struct error *err);
void daemon_snapshot_stop(struct daemon *d);
/*
 * Has the state signed with which the agent ends, if it is not yet, and waits
 * for that a while.  The loop does not run any more.
 */
void daemon_snapshot_last(struct daemon *d);
/* Why states are not signed, or, while they are, what is odd; "": all is well. */
void daemon_snapshot_problem(struct daemon *d, const char *text,
    bool is_signed);
/* SIGNER_DONE came; there is no signer to send it any more. */
void daemon_snapshot_done(struct daemon *d, const struct message *m);
void daemon_snapshot_cut(struct daemon *d);
/* Something changed: a snapshot is due, at most one a second. */
void daemon_snapshot_due(struct daemon *d);

/* daemon_signer.c */
/* Starts the first one, while this process is small; returns its channel. */
int daemon_signer_first(struct daemon *d, struct error *err);
int daemon_signer_start(struct daemon *d, int signer, struct error *err);
void daemon_signer_stop(struct daemon *d);
/* READER_KEEP came; READER_UNKEPT came. */
void daemon_keep(struct daemon *d, const struct message *m);
void daemon_kept_some(struct daemon *d, const struct message *m);
/*
 * The signer can sign: what may not be kept is told to it again, in parts between
 * which the loop goes on.
 */
void daemon_keep_again(struct daemon *d);

/* daemon_request.c */
int daemon_request_start(struct daemon *d, struct error *err);
void daemon_request_stop(struct daemon *d);
/* A deed, for those who want to be told of them. */
void daemon_tell_waiters(struct daemon *d, const char *text);
/* Answers those who waited for what is so now. */
void daemon_wake_waiters(struct daemon *d);

#endif
