/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf(2), as far as networks of jails need it.  Functions return a descriptor
 * or 0; -1/errno.
 *
 * The calls carry a pass in arguments that the kernel does not look at: a
 * process with the system call filter of the spawner may only make them so
 * (rights.h).
 */
#ifndef JA_LINUX_BPF_H
#define JA_LINUX_BPF_H

#include <linux/bpf.h>

#include <stddef.h>
#include <stdint.h>

#include "rights.h"

struct bpf {
	const struct rights_pass *pass;
};

struct bpf_map_kind {
	const char *name; /* at most 15 bytes */
	enum bpf_map_type type;
	uint32_t key, value; /* bytes */
	uint32_t entries;
	uint32_t flags;
};

/* BPF_MAP_TYPE_SK_STORAGE gets the description of types that it demands. */
int bpf_map_make(const struct bpf *b, const struct bpf_map_kind *kind);
int bpf_map_set(const struct bpf *b, int map, const void *key,
    const void *value);
/* Returns 0 also when there is no such key. */
int bpf_map_delete(const struct bpf *b, int map, const void *key);
int bpf_map_read(const struct bpf *b, int map, const void *key, void *value);

/* `log` gets what the kernel's verifier says of a refused program. */
int bpf_load(const struct bpf *b, const char *name, enum bpf_prog_type type,
    enum bpf_attach_type attach, const struct bpf_insn *insn, size_t count,
    char *log, size_t log_size);
int bpf_attach(const struct bpf *b, int cgroup, int program,
    enum bpf_attach_type attach);
int bpf_detach(const struct bpf *b, int cgroup, int program,
    enum bpf_attach_type attach);

/*
 * The numbers of the programs that are attached to the cgroup itself.  Returns
 * how many there are, at most `max`.
 */
int bpf_attached(const struct bpf *b, int cgroup,
    enum bpf_attach_type attach, uint32_t *id, uint32_t max);
int bpf_program_open(const struct bpf *b, uint32_t id);
int bpf_program_info(const struct bpf *b, int program,
    struct bpf_prog_info *info);
int bpf_map_open(const struct bpf *b, uint32_t id);
int bpf_map_info(const struct bpf *b, int map, struct bpf_map_info *info);

#endif
