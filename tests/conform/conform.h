/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays recorded jail calls against a kernel, as FORMAT-kernel.md says.
 * Uses kernel/jail.h only; the counters of automatic jids are set through
 * kernel/prison/prison.h where the kernel is the prison engine.
 */
#ifndef JA_CONFORM_H
#define JA_CONFORM_H

#include <jansson.h>

#include "kernel/call.h"
#include "kernel/jail.h"

#define FIRST_JID 100000 /* the last automatic jid before each case */
#define JIDS_END 900000 /* automatic ones stay below in a run */
#define JID_MAX 999999
#define INMATES_MAX 32
#define FDS_MAX 32
#define RESULT_MAX (1 << 20)

/* A forked process that the case has not reaped yet. */
struct inmate {
	pid_t pid;
	int jid;
};

/* What a step did; in memory shared with the child that made the call. */
struct outcome {
	int done;    /* the call has returned */
	int jid, fd; /* what bind and bindfd store; -1: nothing */
	char json[RESULT_MAX];
};

struct conform {
	const char *kernel;
	struct kernel_options options;
	bool verbose, hooks; /* hooks: the kernel is the prison engine */
	struct jail_kernel *k;
	struct jail_params params;
	char scratch[64]; /* what "@" stands for */
	struct outcome *outcome;
	json_t *exceptions; /* id: reason; NULL: there are none */
	json_t *host; /* name: value that jails inherit; NULL with hooks */

	/* The case in progress. */
	json_t *bindings;
	struct inmate inmates[INMATES_MAX];
	size_t ninmates;
	int fds[FDS_MAX];
	size_t nfds;

	unsigned passed, failed, skipped;
};

/* One case; counts it. */
void case_run(struct conform *c, const json_t *vector);

/*
 * Reads the list of cases that need not pass.  Returns 0, -1 after a message.
 * Such a case counts as skipped; one that passes counts as failed, so that the
 * list stays true.
 */
int exceptions_read(struct conform *c, const char *path);
/* Why a case need not pass, or NULL. */
const char *exception_find(const struct conform *c, const char *id);

/*
 * Makes and removes jails until an automatic jid is at least `first`: minutes
 * on a kernel that has just booted.  Returns 0, -1.
 */
int counter_advance(struct conform *c, int first);

/* Whether the host has no jails, which each case starts with. */
bool case_host_is_empty(struct conform *c);

/*
 * Asks what jails inherit from this host, so that it is not taken for a
 * difference.  Returns 0, -1 after a message.
 */
int host_read(struct conform *c);
/* Puts the recorded host's values where `got` has this host's. */
void host_translate(const struct conform *c, json_t *got,
    const json_t *recorded);
/*
 * Why a result may differ from the recorded one: a parameter that only one of
 * the kernels has.  The caller frees it; NULL: it may not.
 */
char *host_excuse(const struct conform *c, const json_t *got,
    const json_t *recorded);

/* One step: the result as the file has it, NULL when it cannot be had. */
json_t *step_run(struct conform *c, const json_t *step);

/*
 * jail_set or jail_get as a step says; fills in the outcome.  `get` adds the
 * wanted values.
 */
void call_perform(struct conform *c, struct jail_kernel *k,
    const json_t *step, bool get, struct outcome *o);
void call_list(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o);
/* Puts a result into the outcome; takes over the reference. */
void outcome_put(struct outcome *o, json_t *result);
/* {"errno": null} or the name of `code`. */
json_t *errno_result(int code);
const char *errno_name(int code);

/* An integer in a step: a number, or "$a"; -1 when it is not bound. */
json_int_t bound_int(const struct conform *c, const json_t *value);
/* A text with ${a} and "@" put in; the caller frees it. */
char *expand(const struct conform *c, const char *text, bool scratch);
/* A copy of a recorded result with everything bound put in. */
json_t *expand_result(const struct conform *c, const json_t *recorded);

/* A parameter of this kernel; the names of switches may begin with "no". */
const struct jail_param_info *find_param(const struct conform *c,
    const char *name);
/* Type and full size of a value that is asked for by name. */
enum param_type wanted_type(const struct conform *c, const char *name,
    size_t *size);

/* Children */
struct inmate *inmate_find(struct conform *c, pid_t pid);
/*
 * Forks a process that attaches to `in` (0: does not) and runs `body`; then
 * it sleeps (`hold`) or ends.  Returns its pid when it is still there, 0 when
 * it was reaped, -1 when it could not be had.
 */
pid_t inmate_run(struct conform *c, int in, bool hold,
    void (*body)(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o), const json_t *step);
bool inmate_is_dead(pid_t pid, int ms);
int inmate_kill(struct conform *c, pid_t pid);
int inmate_reap(struct conform *c, pid_t pid);
/* Waits until those whose jail is gone have died. */
void inmate_await_killed(struct conform *c);

#endif
