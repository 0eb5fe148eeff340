/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small assembler for BPF: a text is filled in front to back by the
 * functions below, with labels for jumps, which only lead forward.
 *
 * Registers (bpf(2)): R0 result, R1 to R5 arguments of a call and lost by it,
 * R6 to R9 kept, FP the end of the stack.
 */
#ifndef JA_LINUX_BPF_ASM_H
#define JA_LINUX_BPF_ASM_H

#include <linux/bpf.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BPF_TEXT_MAX 512
#define BPF_LABELS_MAX 32
#define BPF_JUMPS_MAX 96

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP };

/* Sizes of what is loaded and stored. */
enum bpf_width { BYTES2 = BPF_H, BYTES4 = BPF_W, BYTES8 = BPF_DW };

struct bpf_text {
	struct bpf_insn insn[BPF_TEXT_MAX];
	size_t count;
	int labels;	       /* that were given out */
	int place[BPF_LABELS_MAX]; /* of a label, -1: not yet known */
	struct {
		int from, label;
	} jump[BPF_JUMPS_MAX];
	size_t jumps;
	bool broken; /* there was no room, or a label has no place */
};

void text_begin(struct bpf_text *t);
/* Resolves the jumps.  Returns 0, -1 when the text is broken. */
int text_end(struct bpf_text *t);

/* A new label; giving it the place of the next instruction. */
int text_label(struct bpf_text *t);
void text_here(struct bpf_text *t, int label);

void put_move(struct bpf_text *t, int to, int from);
void put_value(struct bpf_text *t, int to, int32_t value);
void put_add(struct bpf_text *t, int to, int32_t value);
void put_and(struct bpf_text *t, int to, int32_t value);
void put_or(struct bpf_text *t, int to, int from);
/* to = *(from + offset); *(to + offset) = from; *(to + offset) = value. */
void put_load(struct bpf_text *t, enum bpf_width width, int to, int from,
    int offset);
void put_store(struct bpf_text *t, enum bpf_width width, int to, int offset,
    int from);
void put_store_value(struct bpf_text *t, enum bpf_width width, int to,
    int offset, int32_t value);
/* The map behind a descriptor, as an argument. */
void put_map(struct bpf_text *t, int to, int fd);
void put_call(struct bpf_text *t, enum bpf_func_id function);
void put_jump(struct bpf_text *t, int label);
/* Jumps if the low 32 bits of the register are, or are not, the value. */
void put_if_equal(struct bpf_text *t, int reg, int32_t value, int label);
void put_if_other(struct bpf_text *t, int reg, int32_t value, int label);
/* Jumps if the pointer in the register is NULL. */
void put_if_null(struct bpf_text *t, int reg, int label);
/* Jumps if the first pointer lies behind the second. */
void put_if_behind(struct bpf_text *t, int a, int b, int label);
/* Ends the program with a result. */
void put_return(struct bpf_text *t, int32_t value);

#endif
