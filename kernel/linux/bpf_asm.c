/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf_asm.h"

#include <string.h>

void
text_begin(struct bpf_text *t)
{
	memset(t, 0, sizeof *t);
}

int
text_end(struct bpf_text *t)
{
	for (size_t i = 0; i < t->jumps && !t->broken; i++) {
		int from = t->jump[i].from, to = t->place[t->jump[i].label];

		if (to <= from)
			t->broken = true;
		t->insn[from].off = (int16_t)(to - from - 1);
	}
	return t->broken ? -1 : 0;
}

int
text_label(struct bpf_text *t)
{
	if (t->labels == BPF_LABELS_MAX) {
		t->broken = true;
		return 0;
	}
	t->place[t->labels] = -1;
	return t->labels++;
}

void
text_here(struct bpf_text *t, int label)
{
	t->place[label] = (int)t->count;
}

static void
put(struct bpf_text *t, int code, int to, int from, int offset, int32_t value)
{
	if (t->count == BPF_TEXT_MAX) {
		t->broken = true;
		return;
	}
	t->insn[t->count++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(to & 0xf),
		.src_reg = (uint8_t)(from & 0xf),
		.off = (int16_t)offset,
		.imm = value,
	};
}

void
put_move(struct bpf_text *t, int to, int from)
{
	put(t, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

void
put_value(struct bpf_text *t, int to, int32_t value)
{
	put(t, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

void
put_add(struct bpf_text *t, int to, int32_t value)
{
	put(t, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}

void
put_and(struct bpf_text *t, int to, int32_t value)
{
	put(t, BPF_ALU | BPF_AND | BPF_K, to, 0, 0, value);
}

void
put_or(struct bpf_text *t, int to, int from)
{
	put(t, BPF_ALU64 | BPF_OR | BPF_X, to, from, 0, 0);
}

void
put_load(struct bpf_text *t, enum bpf_width width, int to, int from,
    int offset)
{
	put(t, BPF_LDX | BPF_MEM | (int)width, to, from, offset, 0);
}

void
put_store(struct bpf_text *t, enum bpf_width width, int to, int offset,
    int from)
{
	put(t, BPF_STX | BPF_MEM | (int)width, to, from, offset, 0);
}

void
put_store_value(struct bpf_text *t, enum bpf_width width, int to, int offset,
    int32_t value)
{
	put(t, BPF_ST | BPF_MEM | (int)width, to, 0, offset, value);
}

void
put_map(struct bpf_text *t, int to, int fd)
{
	/* A 64-bit value takes the place of two instructions. */
	put(t, BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, fd);
	put(t, 0, 0, 0, 0, 0);
}

void
put_call(struct bpf_text *t, enum bpf_func_id function)
{
	put(t, BPF_JMP | BPF_CALL, 0, 0, 0, (int32_t)function);
}

static void
put_branch(struct bpf_text *t, int code, int reg, int other, int32_t value,
    int label)
{
	if (t->jumps == BPF_JUMPS_MAX) {
		t->broken = true;
		return;
	}
	t->jump[t->jumps].from = (int)t->count;
	t->jump[t->jumps++].label = label;
	put(t, code, reg, other, 0, value);
}

void
put_jump(struct bpf_text *t, int label)
{
	put_branch(t, BPF_JMP | BPF_JA, 0, 0, 0, label);
}

void
put_if_equal(struct bpf_text *t, int reg, int32_t value, int label)
{
	put_branch(t, BPF_JMP32 | BPF_JEQ | BPF_K, reg, 0, value, label);
}

void
put_if_other(struct bpf_text *t, int reg, int32_t value, int label)
{
	put_branch(t, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, value, label);
}

void
put_if_null(struct bpf_text *t, int reg, int label)
{
	put_branch(t, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, 0, label);
}

void
put_if_behind(struct bpf_text *t, int a, int b, int label)
{
	put_branch(t, BPF_JMP | BPF_JGT | BPF_X, a, b, 0, label);
}

void
put_return(struct bpf_text *t, int32_t value)
{
	put_value(t, R0, value);
	put(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
