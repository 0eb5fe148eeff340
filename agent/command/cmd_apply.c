/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/compat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/channel.h"
#include "agent/daemon/control.h"
#include "agent/command/letters.h"
#include "agent/reconcile/foresee.h"
#include "agent/reconcile/message.h"
#include "agent/command/saved_plan.h"
#include "agent/daemon/record.h"
#include "agent/sign/signer.h"

extern const struct command command_apply;

enum { OPTION_PRUNE = 256, OPTION_PLAN, OPTION_RECURSIVE, OPTION_SIGNED };

static const struct option options[] = {
	{ "plan", required_argument, NULL, OPTION_PLAN },
	{ "prune", no_argument, NULL, OPTION_PRUNE },
	{ "recursive", no_argument, NULL, OPTION_RECURSIVE },
	{ "require-signed", required_argument, NULL, OPTION_SIGNED },
	{ NULL, 0, NULL, 0 },
};

static void
told(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	char text[ERROR_TEXT_MAX * 2];

	(void)arg;
	(void)m;
	/* What failed is said once, at the end: see report. */
	if (!o->ok)
		return;
	print_plain(stdout, message_of(a, o, false, text, sizeof text));
	putchar('\n');
}

/* What is not as wanted in the end; returns the exit status. */
static int
report(struct pass *p)
{
	struct reconciler *r = &p->reconciler;
	const struct bound_plan *plan = r->opt.bound;
	int status = plan != NULL && bound_stale(plan) > 0 ? EXIT_STALE :
	    EXIT_OK;

	for (size_t i = 0; i < r->count; i++) {
		const struct managed *m = r->jail[i];

		if (m->hold != NULL) {
			complain("%s: %s: %s", m->name,
			    jail_state_word[STATE_HELD], m->hold);
			status = status == EXIT_OK ? EXIT_HELD : status;
			continue;
		}
		/* One that went down for another one is to come back. */
		if (managed_converged(m) || (!m->said && !m->unwanted &&
		    !m->follows))
			continue;
		if (m->state == STATE_PAUSED && (plan == NULL ||
		    !bound_refused(plan, m->name)))
			status = status == EXIT_OK ? EXIT_HELD : status;
		else if (plan == NULL || !bound_refused(plan, m->name))
			status = EXIT_FAILED;
		else if (status == EXIT_OK)
			status = EXIT_STALE;
		complain("%s: %s: %s", m->name, jail_state_word[m->state],
		    m->reason != NULL ? m->reason : "");
	}
	return status;
}

/* What was asked of the signer. */
struct signing {
	struct channel *signer;
	struct signer_answer answer;
	bool answered, ended;
	bool not_kept; /* has been said */
};

/* What could not be kept is said, and comes before the answer. */
static void
on_signer(void *arg, struct channel *c, const struct message *m)
{
	struct signing *s = arg;

	(void)c;
	if (m->type == SIGNER_NOT_KEPT) {
		if (!s->not_kept)
			complain("%s", (const char *)m->data);
		s->not_kept = true;
		return;
	}
	s->answered = true;
	if (m->len == sizeof s->answer)
		memcpy(&s->answer, m->data, sizeof s->answer);
	else
		s->answer = (struct signer_answer){ .sequence = -1,
			.text = "the signer's answer is not understood" };
}

static void
on_signer_ended(void *arg, struct channel *c)
{
	(void)c;
	((struct signing *)arg)->ended = true;
}

/* It may have something to say meanwhile, and waits until that is read. */
static int
tell_signer(void *arg, unsigned type, const void *data, size_t len)
{
	struct signing *s = arg;
	int rc = channel_send(s->signer, type, 0, data, len);

	if (rc == 0)
		channel_serve(s->signer, 0);
	return rc;
}

/* What is good, then all jails; waits until that is on the disk. */
static int
sign_with(struct signing *s, struct pass *p, const struct context *ctx,
    const struct pass_options *opt, struct error *err)
{
	struct bytes_out b = { .data = NULL };
	int sent = pass_keep(p, ctx, opt, tell_signer, s), rc = 0;

	while (sent == 0 && (rc = record_next(&p->reconciler, NULL, false, &b,
	    err)) == 1)
		sent = tell_signer(s, SIGNER_JAIL, b.data, b.len);
	if (sent == 0 && rc == 0)
		rc = record_heading(&p->reconciler, "", &b, err);
	if (sent == 0 && rc == 0)
		sent = tell_signer(s, SIGNER_WRITE, b.data, b.len);
	free(b.data);
	if (sent != 0)
		return error_sys(err, errno, "the signer cannot be reached");
	while (rc == 0 && !s->answered && !s->ended)
		channel_serve(s->signer, SIGNER_PATIENCE_MS);
	if (rc == 0 && !s->answered)
		rc = error_set(err, ECHILD, "the signer ended");
	else if (rc == 0 && s->answer.sequence < 0)
		rc = error_set(err, 0, "%.500s", s->answer.text);
	return rc;
}

static int
sign(struct pass *p, const struct context *ctx,
    const struct pass_options *with, struct error *err)
{
	struct signer_options opt = { .dir = ctx->paths.snapshots,
		.key = ctx->paths.key, .public_key = ctx->paths.public_key,
		.good = ctx->paths.good, .outdated = ctx->paths.outdated,
		.state = ctx->paths.state,
		.head = ctx->paths.head, .lock = ctx->paths.signing,
		.make_key = true };
	struct signing s = { .answered = false };
	struct signer_said said;
	pid_t pid;
	int rc, fd = signer_start(&opt, &said, &pid, err);

	if (fd == -1)
		return -1;
	if (said.late) { /* it may take for ever */
		close(fd);
		return error_set(err, ETIMEDOUT, "%s", said.text);
	}
	s.signer = channel_new(p->base, fd, on_signer, on_signer_ended, &s);
	rc = s.signer == NULL ? error_sys(err, ENOMEM, "the signer") :
	    sign_with(&s, p, ctx, with, err);
	channel_free(s.signer);
	waitpid(pid, NULL, 0);
	return rc;
}

static int
apply(const struct context *ctx, const struct pass_options *opt)
{
	struct pass p;
	struct error err;
	size_t wrong;
	int status;

	error_clear(&err);
	if (pass_open(&p, ctx, opt, &err) != 0) {
		complain("%s", err.text);
		pass_close(&p);
		return EXIT_FAILED;
	}
	wrong = pass_print_errors(&p);
	if (pass_keep_all(&p))
		complain(KEEPS_ALL);
	if (pass_outdate(&p, ctx, opt) != 0) {
		complain("specs: %s", strerror(ENOMEM));
		pass_close(&p);
		return EXIT_FAILED;
	}
	pass_run(&p);
	status = report(&p);
	if (wrong > 0)
		status = EXIT_FAILED;
	if ((p.reconciler.changed || p.outdated.count > 0) &&
	    sign(&p, ctx, opt, &err) != 0) {
		complain("%s: %s", p.reconciler.changed ?
		    "the state is not signed" :
		    "last good texts are not kept", err.text);
		/* What holds removals keeps it from being signed, too. */
		if (p.reconciler.changed && status != EXIT_HELD)
			status = EXIT_FAILED;
	}
	pass_close(&p);
	return status;
}

/* Marks what is not as it was when the plan was made. */
static int
compare(const struct context *ctx, const struct pass_options *opt,
    struct saved_plan *plan, struct error *err)
{
	struct pass_options reading = { .path = opt->path,
		.required = opt->required, .letters = opt->letters,
		.prune = opt->prune, .below = opt->below };
	struct bound_plan now = { .count = 0 };
	struct action *actions = NULL;
	size_t count = 0;
	struct pass p;
	int rc = pass_open(&p, ctx, &reading, err);

	if (rc == 0 && strcmp(p.kernel->backend->name, plan->kernel) != 0)
		rc = error_set(err, EINVAL, "the plan was made for the kernel "
		    "%s (-k), this is %s", plan->kernel,
		    p.kernel->backend->name);
	if (rc == 0) {
		(void)pass_keep_all(&p);
		count = p.reconciler.count;
		actions = foresee(&p.reconciler);
		rc = actions == NULL ? error_sys(err, ENOMEM, "plan") :
		    bound_make(&p.reconciler, actions, &now, err);
	}
	if (rc == 0 && bound_compare(&plan->bound, &now) != 0)
		rc = error_sys(err, ENOMEM, "plan");
	for (size_t i = 0; actions != NULL && i < count; i++)
		action_free(&actions[i]);
	free(actions);
	bound_free(&now);
	pass_close(&p);
	return rc;
}

static int
apply_saved(const struct context *ctx, struct pass_options *opt,
    const char *file)
{
	long holder = paths_lock_holder(&ctx->paths);
	struct saved_plan plan;
	struct error err;
	int status;

	error_clear(&err);
	if (holder != 0) {
		complain("the agent with pid %ld keeps its specs with this "
		    "state directory and makes its own plans; a saved plan is "
		    "for a host without one", holder);
		return EXIT_FAILED;
	}
	if (saved_plan_read(ctx, file, &plan, &err) != 0) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	opt->path = plan.path;
	opt->letters = plan.letters;
	opt->prune = plan.prune;
	opt->below = plan.below;
	opt->bound = &plan.bound;
	if (compare(ctx, opt, &plan, &err) != 0) {
		complain("%s", err.text);
		status = EXIT_FAILED;
	} else
		status = apply(ctx, opt);
	saved_plan_free(&plan);
	return status;
}

/* What the command line said, which the agent may be unable to follow. */
struct given {
	unsigned letters; /* 0: none */
	long parallel;	  /* -1: not said */
};

/* Each jail that is not as it should be, or what else there is to be said. */
static void
complain_of(json_t *reply)
{
	const json_t *all = json_object_get(reply, "messages");
	const char *text = json_string_value(json_object_get(reply, "error"));
	json_t *one;
	size_t i;

	if (text == NULL && json_array_size(all) == 0)
		text = json_string_value(json_object_get(reply, "message"));
	if (text != NULL)
		complain("%s", text);
	json_array_foreach (all, i, one)
		complain("%s", json_string_value(one));
}

/* Another process holds the state: it does the work, this one tells of it. */
static int
apply_by_agent(const struct context *ctx, const struct pass_options *opt,
    const struct given *given)
{
	char set[PATHS_MAX];
	json_t *reply = NULL, *deed;
	struct error err;
	int status = EXIT_FAILED, rc;
	size_t i;

	error_clear(&err);
	rc = pass_set(opt, set, &err) != 0 ? -1 : control_call(&ctx->paths,
	    "apply", json_pack("{s:s, s:i, s:i, s:b, s:b}", "set", set,
	    "letters", (int)given->letters, "parallel", (int)given->parallel,
	    "recursive", (int)opt->below, "signed",
	    (int)(opt->required->keys > 0)), -1, &reply, &err);
	if (rc == 1)
		error_set(&err, 0, "another apply is under way (pid %ld)",
		    paths_lock_holder(&ctx->paths));
	json_array_foreach (json_object_get(reply, "deeds"), i, deed)
		printf("%s\n", json_string_value(deed));
	if (rc != 0)
		complain("%s", err.text);
	else
		complain_of(reply);
	if (rc == 0 && json_is_integer(json_object_get(reply, "status")))
		status = (int)json_integer_value(json_object_get(reply,
		    "status"));
	json_decref(reply);
	return status;
}

static int
run(struct context *ctx, int argc, char **argv)
{
	struct required required = { .keys = 0 };
	struct pass_options opt = { .write = true, .told = told,
		.required = &required };
	struct given given = { .parallel = -1 };
	const char *wrong, *plan = NULL;
	struct error err;
	int ch, status;
	long n;

	while ((ch = getopt_long(argc, argv, ":cmp:r", options,
	    NULL)) != -1) {
		if (letters_take(ch, &opt.letters))
			continue;
		if (ch == OPTION_PRUNE)
			opt.prune = true;
		else if (ch == OPTION_PLAN)
			plan = optarg;
		else if (ch == OPTION_RECURSIVE)
			opt.below = true;
		else if (ch == OPTION_SIGNED) {
			status = required_take(&required, &command_apply,
			    optarg);
			if (status != EXIT_OK)
				return status;
		}
		else if (ch == 'p' && (n = number_option(optarg)) >= 0)
			opt.parallel = (unsigned)(given.parallel = n);
		else if (ch == 'p')
			return usage_error(&command_apply,
			    "-p %s: not a number", optarg);
		else
			return option_error(&command_apply, argc, argv, ch);
	}
	if (plan != NULL && (optind < argc || opt.letters != 0 || opt.prune ||
	    opt.below))
		return usage_error(&command_apply, "--plan: the plan says what "
		    "is allowed, and for which PATH");
	if (paths_lock_holder(&ctx->paths) == 0 &&
	    required_check(&required, ctx, &err) != 0) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	if (plan != NULL)
		return apply_saved(ctx, &opt, plan);
	if (argc - optind != 1)
		return usage_error(&command_apply,
		    "one directory or file of specs is needed");
	opt.path = argv[optind];
	given.letters = opt.letters;
	wrong = letters_check(&opt.letters, false);
	if (wrong != NULL)
		return usage_error(&command_apply, "%s", wrong);
	if (paths_lock_holder(&ctx->paths) != 0)
		return apply_by_agent(ctx, &opt, &given);
	return apply(ctx, &opt);
}

const struct command command_apply = {
	.name = "apply",
	.synopsis = "[-cmr] [-p N] [--prune] [--recursive] "
	    "[--require-signed PUB] ... PATH | [-p N] --plan FILE",
	.summary = "make the jails as the specs say, once",
	.help = "  -c -m -r     what is allowed: create, modify, restart (all)\n"
	    "  -p N         at most N jails at a time (0, as by default: any\n"
	    "               number)\n"
	    "  --prune      remove jails of this set that no spec says\n"
	    "  --recursive  with the directories below PATH\n"
	    "  --require-signed PUB  as run has it\n"
	    "  --plan FILE  what plan -o FILE said, as far as specs and jails\n"
	    "               are what they were then; the rest is refused\n\n"
	    "While an agent runs, it does the work in its own way: -c -m -r\n"
	    "and -p have to be its own, and it prunes.\n"
	    "Exit status: 0 converged, 1 something failed, 3 a removal is "
	    "held, or a jail\npaused, 4 a plan is stale in part.\n",
	.run = run,
};
