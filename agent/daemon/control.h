/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: one JSON request, one JSON reply (which may take a
 * while), on a socket in a private directory.  Only root and the agent's own
 * user are listened to.
 */
#ifndef JA_CONTROL_H
#define JA_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/base/paths.h"

#define CONTROL_VERSION 1

struct event_base;
struct control;
struct control_client;

/*
 * Answers a request: either calls control_reply now, or keeps the client and
 * does so later.  `request` is borrowed.
 */
typedef void control_request_fn(void *arg, struct control_client *client,
    json_t *request);
/* A client that was kept has gone away. */
typedef void control_gone_fn(void *arg, struct control_client *client);

struct control *control_new(struct event_base *base, const struct paths *paths,
    control_request_fn *on_request, control_gone_fn *on_gone, void *arg,
    struct error *err);
void control_free(struct control *c);

/* Sends the reply, whose reference is taken over, and closes. */
void control_reply(struct control_client *client, json_t *reply);

/* The same of text; `more`: the rest of it comes later, in another turn. */
void control_reply_text(struct control_client *client, const char *text,
    size_t len, bool more);

/*
 * The command's side: sends {"command": command} merged with `more` (taken
 * over, may be NULL) and waits for the reply at most timeout_ms (-1: for ever).
 * Returns 0 with *reply, 1 when no agent runs, 2 when time is up, -1 on error.
 */
int control_call(const struct paths *paths, const char *command, json_t *more,
    int timeout_ms, json_t **reply, struct error *err);

/* A text in what was replied, or `otherwise`, where it has none of that key. */
const char *control_text(const json_t *o, const char *key,
    const char *otherwise);

#endif
