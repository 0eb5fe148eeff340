# SPDX-License-Identifier: BSD-2-Clause
#
# Builds with GNU make and with bmake.  There is no configure step; a packager
# sets CC, CFLAGS, LDFLAGS, OS, PREFIX and DESTDIR.
#
#   make            build/jailagent and build/conform
#   make check      all tests that need no root; `sudo make check` runs all
#   make docs       the tables in the manual pages, from the sources
#   make lint       style, dependencies between folders, manual pages
#   make analyze    gcc -fanalyzer, clang-tidy and cppcheck, as far as they
#                   are installed; advice, not part of check
#   make fuzz       the fuzz targets with clang's libFuzzer
#   make soak       the randomised suites with SEEDS seeds, all points of
#                   failure, the random writer for 60 s, 10,000 files at
#                   once, then each fuzz target RUNS times
#   make bench      figures (ratios in one run, medians)
#   make freebsd    build/freebsd/jailagent and conform-freebsd, made on Debian
#   make install    program, manual pages, examples
#
# Commands are shown with V=1.  Another flavour goes to its own directory:
#   make BUILD=build/asan SANITIZE="-fsanitize=address,undefined"

OS != uname -s
BUILD ?= build
PREFIX ?= /usr/local
MANDIR ?= ${PREFIX}/share/man
CFLAGS ?= -O2 -g
SANITIZE ?=
WERROR ?= -Werror
Q_ = @
Q = ${Q_${V}}

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla -Wformat=2 ${WERROR}
HARDEN = -fstack-protector-strong -fPIE
HARDEN_LINK_Linux = -pie -Wl,-z,relro,-z,now
HARDEN_LINK_FreeBSD = ${HARDEN_LINK_Linux}

# libyaml, libsodium, LMDB, libevent, jansson, zlib; for Linux libseccomp and libcap
PARTS = yaml-0.1 libsodium lmdb libevent jansson zlib ${PARTS_${OS}}
PARTS_Linux = libseccomp libcap libmnl
PARTS_CFLAGS != pkg-config --cflags ${PARTS} 2>/dev/null || true
PARTS_LIBS != pkg-config --libs ${PARTS} 2>/dev/null || \
	echo -lyaml -lsodium -llmdb -levent -ljansson -lz
CMOCKA_LIBS ?= -lcmocka

DEFINES_Linux = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
DEFINES = ${DEFINES_${OS}} -DJAILAGENT_BUILD='"${BUILD}"'
ALL_CFLAGS = -std=c11 ${CFLAGS} ${SANITIZE} ${WARNINGS} ${HARDEN} ${DEFINES} \
	-I. -I${BUILD}/made ${PARTS_CFLAGS}
ALL_LDFLAGS = ${LDFLAGS} ${SANITIZE} ${HARDEN_LINK_${OS}}

# Sources by folder.  A backend folder is built on its own system only; bsd is
# what FreeBSD and DragonFly have in common.
BACKEND_Linux = linux
BACKEND_FreeBSD = freebsd bsd
BACKEND_DragonFly = dragonfly bsd
KERNEL_SRC != ls kernel/*.c kernel/prison/*.c kernel/model/*.c kernel/*/pure/*.c \
	2>/dev/null; for d in ${BACKEND_${OS}}; do ls kernel/$$d/*.c; done
SPECS_SRC != ls specs/*.c specs/*/*.c 2>/dev/null || true
AGENT_SRC != ls agent/*/*.c 2>/dev/null | grep -v agent/command/main.c || true
CONFORM_SRC != ls tests/conform/*.c 2>/dev/null || true
LIFECYCLE_SRC != ls tests/lifecycle/*.c 2>/dev/null || true
UNIT_SRC != ls tests/unit/*.c 2>/dev/null || true
HELPER_SRC != ls tests/helper/*.c 2>/dev/null || true
BENCH_SRC != ls tests/bench/*.c 2>/dev/null || true
FUZZ_SRC != ls tests/fuzz/*.c 2>/dev/null || true
INSIDE_SRC != ls tests/helper/inside/*.c 2>/dev/null || true

KERNEL_LIB = ${BUILD}/libkernel.a
SPECS_LIB = ${BUILD}/libspecs.a
AGENT_LIB = ${BUILD}/libagent.a
PROGRAMS = ${BUILD}/jailagent ${BUILD}/conform

all: ${PROGRAMS}

# One rule per object, archive and test program, written at each start: the
# only form that both makes read without pattern rules.
RULES != mkdir -p ${BUILD} && BUILD=${BUILD} sh rules.sh \
	kernel "${KERNEL_SRC}" specs "${SPECS_SRC}" agent "${AGENT_SRC}" \
	main "`ls agent/command/main.c 2>/dev/null`" conform "${CONFORM_SRC}" \
	lifecycle "${LIFECYCLE_SRC}" \
	unit "${UNIT_SRC}" helper "${HELPER_SRC}" bench "${BENCH_SRC}" \
	fuzz "${FUZZ_SRC}" inside "${INSIDE_SRC}"; echo done
include ${BUILD}/rules.mk

# What runs a fuzz target: over its corpus, or libFuzzer.
FUZZ_MAIN = ${BUILD}/obj/tests/fuzz/replay.o
FUZZ_CC ?= clang
RUNS ?= 10000000

LINK_JAILAGENT = ${AGENT_LIB} ${SPECS_LIB} ${KERNEL_LIB}

${BUILD}/jailagent: ${MAIN_OBJ} ${LINK_JAILAGENT}
	@echo "  link  $@"
	${Q}${CC} ${ALL_LDFLAGS} -o $@ ${MAIN_OBJ} ${LINK_JAILAGENT} ${PARTS_LIBS}

${BUILD}/conform: ${CONFORM_OBJ} ${KERNEL_LIB}
	@echo "  link  $@"
	${Q}${CC} ${ALL_LDFLAGS} -o $@ ${CONFORM_OBJ} ${KERNEL_LIB} ${PARTS_LIBS}

${BUILD}/lifecycle: ${LIFECYCLE_OBJ} ${SPECS_LIB} ${KERNEL_LIB}
	@echo "  link  $@"
	${Q}${CC} ${ALL_LDFLAGS} -o $@ ${LIFECYCLE_OBJ} ${SPECS_LIB} ${KERNEL_LIB} ${PARTS_LIBS}

# The init of a jail on Linux: static, without libc, embedded by spawner.c.
JAIL_INIT_Linux = ${BUILD}/jail-init
${BUILD}/jail-init: kernel/linux/init/init.c
	@echo "  cc    $@"
	${Q}${CC} -std=c11 -Os -Wall -Wextra -Wno-unused-command-line-argument ${WERROR} -static -nostdlib \
		-ffreestanding -fno-stack-protector -fno-pie \
		-fcf-protection=none -fno-asynchronous-unwind-tables \
		-Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro \
		-s -o $@ kernel/linux/init/init.c
${BUILD}/obj/kernel/linux/init_image.o: ${JAIL_INIT_${OS}}

LIFECYCLE_Linux = ${BUILD}/lifecycle
tests: all ${LIFECYCLE_${OS}} ${UNIT_PROGRAMS} ${HELPER_PROGRAMS} \
	${FUZZ_PROGRAMS} ${INSIDE_PROGRAMS}

check: tests
	BUILD=${BUILD} sh tests/run.sh

docs: ${BUILD}/tests/helper/manual
	sh docs/tables.sh update ${BUILD}

lint:
	BUILD=${BUILD} sh tests/lint/lint.sh
	sh tests/lint/selftest.sh

analyze:
	sh tests/lint/analyze.sh "${CC}" ${KERNEL_SRC} ${SPECS_SRC} \
		${AGENT_SRC} -- ${ALL_CFLAGS}

bench: all ${BENCH_PROGRAMS} ${HELPER_PROGRAMS}
	BUILD=${BUILD} sh tests/bench/bench.sh

fuzz:
	@${MAKE} BUILD=${BUILD}/fuzz CC=${FUZZ_CC} FUZZ_MAIN=-fsanitize=fuzzer \
		SANITIZE="-fsanitize=fuzzer-no-link,address,undefined \
		-fsanitize-coverage-ignorelist=tests/fuzz/unmeasured.txt" \
		fuzz-programs
fuzz-programs: ${FUZZ_PROGRAMS}

# Any of them again, and no other: SEED=N build/tests/unit/test_random
SEEDS ?= 10000
soak: fuzz tests
	for t in random random_faults random_stale; do \
		SEEDS=${SEEDS} ${BUILD}/tests/unit/test_$$t || exit 1; done
	for t in faults fault_aliases; do \
		FAULTS=all ${BUILD}/tests/unit/test_$$t || exit 1; done
	FAULTS=all BUILD=${BUILD} sh tests/run.sh system/steps_cut
	SECONDS_OF_WRITING=60 BUILD=${BUILD} sh tests/run.sh system/random_writer
	DEATHS=2 SECONDS_OF_WRITING=30 BUILD=${BUILD} sh tests/run.sh \
		system/random_writer
	MANY=10000 BUILD=${BUILD} sh tests/run.sh 'system/matrix*'
	RUNS=${RUNS} sh tests/fuzz/soak.sh ${BUILD}/fuzz

freebsd:
	sh freebsd.sh ${BUILD}/freebsd "${MAKE}"

install: all
	install -d ${DESTDIR}${PREFIX}/sbin ${DESTDIR}${MANDIR}/man5 \
		${DESTDIR}${MANDIR}/man8
	install -m 755 ${BUILD}/jailagent ${DESTDIR}${PREFIX}/sbin/jailagent
	install -m 644 docs/jailagent.8 ${DESTDIR}${MANDIR}/man8/
	install -m 644 docs/jailagent.yaml.5 ${DESTDIR}${MANDIR}/man5/

clean:
	rm -rf ${BUILD}

.PHONY: all tests check docs lint analyze fuzz fuzz-programs soak bench \
	freebsd install clean
