/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf.h"

#include <linux/btf.h>

#include <stdio.h>

#include "sys.h"

static int
call(const struct bpf *b, enum bpf_cmd cmd, union bpf_attr *attr)
{
	const uint64_t *word = b->pass->word;

	return (int)syscall(SYS_bpf, cmd, attr, sizeof *attr, word[0],
	    word[1], word[2]);
}

static uint64_t
address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/*
 * The storage of sockets wants its types described: key (an int) and value
 * (an array of 64-bit words).
 */
enum { BTF_KEY = 1, BTF_WORD, BTF_VALUE };

#define NAMED "\0int\0u64"

static int
describe_types(const struct bpf *b, uint32_t size)
{
	struct {
		struct btf_header header;
		struct btf_type key;
		uint32_t key_bits;
		struct btf_type word;
		uint32_t word_bits;
		struct btf_type value;
		struct btf_array array;
		char strings[sizeof NAMED];
	} blob = {
		.header = { .magic = BTF_MAGIC, .version = BTF_VERSION,
		    .hdr_len = sizeof blob.header,
		    .str_len = sizeof blob.strings },
		.key = { .name_off = 1, .info = BTF_KIND_INT << 24,
		    .size = 4 },
		.key_bits = BTF_INT_SIGNED << 24 | 32,
		.word = { .name_off = 5, .info = BTF_KIND_INT << 24,
		    .size = 8 },
		.word_bits = 64,
		.value = { .info = BTF_KIND_ARRAY << 24 },
		.array = { .type = BTF_WORD, .index_type = BTF_KEY,
		    .nelems = size / 8 },
		.strings = NAMED,
	};
	union bpf_attr attr = { 0 };

	blob.header.type_len = (uint32_t)((char *)blob.strings -
	    (char *)&blob.key);
	blob.header.str_off = blob.header.type_len;
	attr.btf = address(&blob);
	attr.btf_size = sizeof blob.header + blob.header.type_len +
	    sizeof blob.strings;
	return call(b, BPF_BTF_LOAD, &attr);
}

int
bpf_map_make(const struct bpf *b, const struct bpf_map_kind *kind)
{
	union bpf_attr attr = {
		.map_type = kind->type,
		.key_size = kind->key,
		.value_size = kind->value,
		.max_entries = kind->entries,
		.map_flags = kind->flags,
	};
	int types = -1, map;

	snprintf(attr.map_name, sizeof attr.map_name, "%s", kind->name);
	if (kind->type == BPF_MAP_TYPE_SK_STORAGE) {
		types = describe_types(b, kind->value);
		if (types < 0)
			return -1;
		attr.btf_fd = (uint32_t)types;
		attr.btf_key_type_id = BTF_KEY;
		attr.btf_value_type_id = BTF_VALUE;
	}
	map = call(b, BPF_MAP_CREATE, &attr);
	close_fd(&types);
	return map;
}

int
bpf_map_set(const struct bpf *b, int map, const void *key, const void *value)
{
	union bpf_attr attr = { .map_fd = (uint32_t)map };

	attr.key = address(key);
	attr.value = address(value);
	attr.flags = BPF_ANY;
	return call(b, BPF_MAP_UPDATE_ELEM, &attr);
}

int
bpf_map_delete(const struct bpf *b, int map, const void *key)
{
	union bpf_attr attr = { .map_fd = (uint32_t)map };

	attr.key = address(key);
	return call(b, BPF_MAP_DELETE_ELEM, &attr) == 0 || errno == ENOENT ?
	    0 : -1;
}

int
bpf_map_read(const struct bpf *b, int map, const void *key, void *value)
{
	union bpf_attr attr = { .map_fd = (uint32_t)map };

	attr.key = address(key);
	attr.value = address(value);
	return call(b, BPF_MAP_LOOKUP_ELEM, &attr);
}

int
bpf_load(const struct bpf *b, const char *name, enum bpf_prog_type type,
    enum bpf_attach_type attach, const struct bpf_insn *insn, size_t count,
    char *log, size_t log_size)
{
	union bpf_attr attr = {
		.prog_type = type,
		.insn_cnt = (uint32_t)count,
		.expected_attach_type = attach,
	};
	int fd;

	attr.insns = address(insn);
	attr.license = address("BSD");
	snprintf(attr.prog_name, sizeof attr.prog_name, "%s", name);
	fd = call(b, BPF_PROG_LOAD, &attr);
	if (fd >= 0 || log_size == 0)
		return fd;
	/* Again, for the reason. */
	attr.log_buf = address(log);
	attr.log_size = (uint32_t)log_size;
	attr.log_level = 1;
	log[0] = '\0';
	return call(b, BPF_PROG_LOAD, &attr);
}

int
bpf_attach(const struct bpf *b, int cgroup, int program,
    enum bpf_attach_type attach)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = attach;
	/* Beside what others have attached above or below. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return call(b, BPF_PROG_ATTACH, &attr);
}

int
bpf_detach(const struct bpf *b, int cgroup, int program,
    enum bpf_attach_type attach)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = attach;
	return call(b, BPF_PROG_DETACH, &attr);
}

int
bpf_attached(const struct bpf *b, int cgroup, enum bpf_attach_type attach,
    uint32_t *id, uint32_t max)
{
	union bpf_attr attr = { 0 };

	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = attach;
	attr.query.prog_ids = address(id);
	attr.query.prog_cnt = max;
	return call(b, BPF_PROG_QUERY, &attr) != 0 ? -1 :
	    (int)attr.query.prog_cnt;
}

static int
open_by_id(const struct bpf *b, enum bpf_cmd cmd, uint32_t id)
{
	union bpf_attr attr = { 0 };

	attr.prog_id = id;
	return call(b, cmd, &attr);
}

int
bpf_program_open(const struct bpf *b, uint32_t id)
{
	return open_by_id(b, BPF_PROG_GET_FD_BY_ID, id);
}

int
bpf_map_open(const struct bpf *b, uint32_t id)
{
	return open_by_id(b, BPF_MAP_GET_FD_BY_ID, id);
}

static int
info_of(const struct bpf *b, int fd, void *info, size_t size)
{
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info = address(info);
	attr.info.info_len = (uint32_t)size;
	return call(b, BPF_OBJ_GET_INFO_BY_FD, &attr);
}

int
bpf_program_info(const struct bpf *b, int program, struct bpf_prog_info *info)
{
	return info_of(b, program, info, sizeof *info);
}

int
bpf_map_info(const struct bpf *b, int map, struct bpf_map_info *info)
{
	return info_of(b, map, info, sizeof *info);
}
