/* SPDX-License-Identifier: BSD-2-Clause */
#include "exe.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include <link.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sys.h"

#define SEGMENTS 16 /* linkers make four to six */

/* What of a segment is the file's: whole pages. */
struct segment {
	uintptr_t start, end;
	int protection;
};

struct program {
	struct segment segment[SEGMENTS];
	size_t count;
	struct segment relro; /* read-only after the loader's work */
	bool seen;
	bool complete;
};

static uintptr_t
page_of(uintptr_t address)
{
	return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static uintptr_t
next_page(uintptr_t address)
{
	return page_of(address + (uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static int
protection_of(const ElfW(Phdr) *p)
{
	return ((p->p_flags & PF_R) != 0 ? PROT_READ : 0) |
	    ((p->p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
	    ((p->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
}

/* The first object of all is the program itself. */
static int
note_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct program *of = arg;

	(void)size;
	if (of->seen)
		return 1;
	of->seen = of->complete = true;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_GNU_RELRO) {
			/* The loader protects no page that goes beyond it. */
			of->relro.start = page_of(at);
			of->relro.end = page_of(at + p->p_memsz);
		}
		if (p->p_type != PT_LOAD || p->p_filesz == 0)
			continue;
		if (of->count == SEGMENTS) {
			of->complete = false;
			return 1;
		}
		of->segment[of->count++] = (struct segment){ page_of(at),
			next_page(at + p->p_filesz), protection_of(p) };
	}
	return 1;
}

/* By the kernel: a sanitizer would object to reading between variables. */
static int
copy(void *to, uintptr_t from, size_t len)
{
	struct iovec here = { .iov_base = to, .iov_len = len };
	struct iovec there = { .iov_base = (void *)from, .iov_len = len };

	if (syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL,
	    0UL) == (long)len)
		return 0;
	return -1;
}

/* Puts a copy in memory in its place; in one step, since it may be running. */
static int
detach(const struct segment *s)
{
	size_t len = s->end - s->start;
	void *to;

	to = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return -1;
	if (copy(to, s->start, len) == 0 &&
	    mprotect(to, len, s->protection) == 0 &&
	    syscall(SYS_mremap, to, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
	    s->start) != -1)
		return 0;
	munmap(to, len);
	return -1;
}

/* Fields of /proc/PID/stat, see proc_pid_stat(5). */
enum {
	FIELD_STATE = 3,
	FIELD_START_CODE = 26,
	FIELD_START_DATA = 45,
	FIELD_COUNT = 52,
};

static int
read_fields(uint64_t field[FIELD_COUNT])
{
	char buf[2048], *p;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, sizeof buf - 1);
	close_fd(&fd);
	buf[n > 0 ? n : 0] = '\0';
	p = strrchr(buf, ')');
	for (int i = FIELD_STATE; i < FIELD_COUNT; i++) {
		p = p != NULL ? strchr(p + 1, ' ') : NULL;
		if (p == NULL) {
			errno = EPROTO;
			return -1;
		}
		field[i] = strtoull(p + 1, NULL, 10);
	}
	return 0;
}

/*
 * The other way of telling the kernel, for those without CAP_SYS_RESOURCE: with
 * everything else as it is.  A kernel that cannot do checkpoints lacks it.
 */
static int
set_by_map(int fd)
{
	uint64_t field[FIELD_COUNT];
	const uint64_t *code = &field[FIELD_START_CODE];
	const uint64_t *data = &field[FIELD_START_DATA];
	struct prctl_mm_map map;

	if (read_fields(field) != 0)
		return -1;
	map = (struct prctl_mm_map){
		.start_code = code[0], .end_code = code[1],
		.start_stack = code[2],
		.start_data = data[0], .end_data = data[1],
		.start_brk = data[2], .brk = (uint64_t)(uintptr_t)sbrk(0),
		.arg_start = data[3], .arg_end = data[4],
		.env_start = data[5], .env_end = data[6],
		.exe_fd = (uint32_t)fd,
	};
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0UL);
}

int
exe_replace(int fd, struct error *err)
{
	struct program p = { .count = 0 };

	dl_iterate_phdr(note_segments, &p);
	if (!p.complete)
		return error_set(err, ENOTSUP, "this program has more than %d "
		    "segments", SEGMENTS);
	for (size_t i = 0; i < p.count; i++)
		if (detach(&p.segment[i]) != 0)
			return error_sys(err, errno,
			    "copying the program into memory");
	if (p.relro.end > p.relro.start &&
	    mprotect((void *)p.relro.start, p.relro.end - p.relro.start,
	    PROT_READ) != 0)
		return error_sys(err, errno, "protecting the program");
	if (prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, (unsigned long)fd, 0UL,
	    0UL) == 0 || set_by_map(fd) == 0)
		return 0;
	return error_sys(err, errno, "hiding the host's program from jails "
	    "(prctl(PR_SET_MM) needs CAP_SYS_RESOURCE, or a kernel with "
	    "CONFIG_CHECKPOINT_RESTORE)");
}
