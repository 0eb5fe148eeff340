/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_JAIL_STATE_H
#define JA_JAIL_STATE_H

/* A jail's condition as status shows it (design: "Command line"). */
enum jail_state {
	STATE_READY,
	STATE_MATCHING,
	STATE_PROGRESSING,
	STATE_FAILED,
	STATE_HELD,
	STATE_PAUSED,
	STATE_STOPPED,
	STATE_BLOCKED,
	STATE_QUARANTINED,
	STATE_CONFLICT,
	STATE_INVALID,
	STATE_DYING,
	STATE_UNMANAGED,
	STATE_COUNT,
};

extern const char *const jail_state_word[STATE_COUNT];

#endif
