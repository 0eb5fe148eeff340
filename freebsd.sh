#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds jailagent and conform for FreeBSD 13 and later (amd64) on a Debian
# system: `make freebsd`, or sh freebsd.sh OUTPUT MAKE.  Nothing of FreeBSD is
# needed: zig, from PyPI, brings its headers and the symbols of its libc.  The
# libraries are built from the released sources that Debian carries, pinned by
# checksum, and linked statically.  Both are kept in OUTPUT for the next time.
#
# ZIG names a zig that is there already; DEBIAN_MIRROR another mirror.
# Exit status 77: zig or the sources could not be had, nothing was built.
set -eu

OUT=${1:-build/freebsd}
MAKE=${2:-make}
TARGET=x86_64-freebsd.14.0
ZIG_VERSION=0.17.1
ZIG_WHEEL=sha256:ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# Debian's source packages, and VERSION SHA-256 of the released sources in each.
PACKAGES="libyaml libsodium lmdb libevent jansson zlib"
pin() {
	case $1 in
	libyaml) echo 0.2.5 \
	    fa240dbf262be053f3898006d502d514936c818e422afdcf33921c63bed9bf2e ;;
	libsodium) echo 1.0.18 \
	    d59323c6b712a1519a5daf710b68f5e7fde57040845ffec53850911f10a5d4f4 ;;
	lmdb) echo 0.9.24 \
	    8e7200fdc9bb09b0cfad1d4eee8b20d539e43fe05c7ef9406247d64659c4a480 ;;
	libevent) echo 2.1.12-stable \
	    92e6de1be9ec176428fd2367677e61ceffc2ee1cb119035037a27d346b0403bb ;;
	jansson) echo 2.14 \
	    c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b ;;
	zlib) echo 1.2.13.dfsg \
	    71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1 ;;
	esac
}

mkdir -p "$OUT"
ABS=$(cd "$OUT" && pwd -P)
LOG=$ABS/log
DEPS=$ABS/deps
: > "$LOG"

say() {
	printf '  %s\n' "$*"
}

unavailable() {
	printf 'freebsd.sh: not built: %s; see %s\n' "$*" "$LOG" >&2
	exit 77
}

# quietly WHAT COMMAND...: the output goes to the log, shown on failure.
quietly() {
	what=$1
	shift
	"$@" >> "$LOG" 2>&1 < /dev/null && return 0
	tail -n 30 "$LOG" >&2
	printf 'freebsd.sh: %s failed\n' "$what" >&2
	exit 1
}

get_zig() {
	export ZIG_GLOBAL_CACHE_DIR="$ABS/zig-cache"
	export ZIG_LOCAL_CACHE_DIR="$ABS/zig-cache"
	if [ -z "${ZIG:-}" ]; then
		venv=$ABS/zig-$ZIG_VERSION
		if [ ! -e "$venv/ready" ]; then
			say "zig   $ZIG_VERSION from PyPI"
			rm -rf "$venv"
			python3 -m venv "$venv" >> "$LOG" 2>&1 ||
			    unavailable "python3 -m venv failed"
			printf 'ziglang==%s --hash=%s\n' "$ZIG_VERSION" \
			    "$ZIG_WHEEL" > "$venv/requirements"
			"$venv/bin/pip" install -q --no-deps --no-cache-dir \
			    --only-binary :all: --require-hashes \
			    -r "$venv/requirements" >> "$LOG" 2>&1 ||
			    unavailable "pip cannot install ziglang" \
			    "$ZIG_VERSION"
			touch "$venv/ready"
		fi
		ZIG=$(echo "$venv"/lib/python3*/site-packages/ziglang/zig)
	fi
	"$ZIG" version >> "$LOG" 2>&1 || unavailable "$ZIG does not run"
	cat > "$ABS/cc" << EOF
#!/bin/sh
exec "$ZIG" cc -target $TARGET "\$@"
EOF
	chmod +x "$ABS/cc"
}

# tarball PACKAGE: where its sources are kept.
tarball() {
	pinned=$(pin "$1")
	case $1 in
	zlib) packed=bz2 ;;
	*) packed=gz ;;
	esac
	printf '%s/sources/%s_%s.orig.tar.%s\n' "$ABS" "$1" "${pinned% *}" \
	    "$packed"
}

is_good() {
	pinned=$(pin "$1")
	echo "${pinned#* }  $(tarball "$1")" |
	    sha256sum --status -c 2> /dev/null
}

all_good() {
	for p in $PACKAGES; do
		is_good "$p" || return 1
	done
}

# Lists and packages are kept out of the host's: its own have no deb-src.
fetch_sources() {
	all_good && return 0
	say "apt   sources of the libraries"
	apt=$ABS/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" \
	    "$ABS/sources"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
	    "$MIRROR bookworm main" > "$apt/sources.list"
	cat > "$apt/apt.conf" << EOF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "";
EOF
	export APT_CONFIG="$apt/apt.conf"
	apt-get -q update >> "$LOG" 2>&1 ||
	    unavailable "apt-get cannot read $MIRROR"
	# shellcheck disable=SC2086 # words are wanted
	(cd "$ABS/sources" && apt-get -q source --download-only $PACKAGES) \
	    >> "$LOG" 2>&1 || unavailable "apt-get cannot fetch the sources"
	unset APT_CONFIG
	for p in $PACKAGES; do
		is_good "$p" && continue
		echo "freebsd.sh: $(tarball "$p") is not what is expected" >&2
		exit 1
	done
}

unpack() {
	rm -rf "$ABS/src/$1"
	mkdir -p "$ABS/src/$1" "$DEPS/include" "$DEPS/lib"
	tar xf "$(tarball "$1")" -C "$ABS/src/$1" --strip-components=1
	cd "$ABS/src/$1"
}

# library NAME FLAGS FILE...: compiles sources into deps/lib/libNAME.a.
library() {
	name=$1
	flags=$2
	shift 2
	say "lib   $name"
	rm -rf "$ABS/obj/lib$name"
	mkdir -p "$ABS/obj/lib$name"
	for f; do
		printf '%s %s/obj/lib%s/%s.o\n' "$f" "$ABS" "$name" \
		    "$(printf '%s' "${f%.c}" | tr / _)"
	done > "$ABS/obj/lib$name.list"
	# shellcheck disable=SC2016 # expanded by the inner shell
	quietly "compiling $name" xargs -a "$ABS/obj/lib$name.list" -L 1 \
	    -P "$(getconf _NPROCESSORS_ONLN)" \
	    sh -c 'exec "$0" -O2 -fPIE -w $1 -c "$2" -o "$3"' \
	    "$ABS/cc" "$flags"
	quietly "archiving $name" "$ZIG" ar rcs "$DEPS/lib/lib$name.a" \
	    "$ABS/obj/lib$name"/*.o
}

build_libyaml() {
	cp include/yaml.h "$DEPS/include/"
	library yaml "-Iinclude -DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2
	    -DYAML_VERSION_PATCH=5 -DYAML_VERSION_STRING=\"0.2.5\"" src/*.c
}

# The portable implementations; those for one processor compile to nothing.
build_libsodium() {
	sed -e 's/@VERSION@/1.0.18/' -e 's/@SODIUM_LIBRARY_VERSION_MAJOR@/10/' \
	    -e 's/@SODIUM_LIBRARY_VERSION_MINOR@/3/' -e '/MINIMAL_DEF@/d' \
	    src/libsodium/include/sodium/version.h.in \
	    > src/libsodium/include/sodium/version.h
	cp -R src/libsodium/include/sodium.h src/libsodium/include/sodium \
	    "$DEPS/include/"
	# shellcheck disable=SC2046 # no blanks in these names
	library sodium "-Isrc/libsodium/include/sodium -Isrc/libsodium/include
	    -DCONFIGURED=1 -DSODIUM_STATIC -DNATIVE_LITTLE_ENDIAN=1
	    -DHAVE_TI_MODE=1 -DHAVE_WEAK_SYMBOLS=1 -DHAVE_ATOMIC_OPS=1
	    -DHAVE_PTHREAD=1 -DHAVE_SYS_MMAN_H=1 -DHAVE_MMAP=1 -DHAVE_MLOCK=1
	    -DHAVE_MADVISE=1 -DHAVE_MPROTECT=1 -DHAVE_POSIX_MEMALIGN=1
	    -DHAVE_EXPLICIT_BZERO=1 -DHAVE_NANOSLEEP=1 -DHAVE_GETPID=1
	    -DHAVE_SYS_RANDOM_H=1 -DHAVE_GETRANDOM=1 -DHAVE_SYSCONF=1
	    -DHAVE_RAISE=1 -DHAVE_CATCHABLE_SEGV=1 -DHAVE_CATCHABLE_ABRT=1" \
	    $(find src/libsodium -name '*.c' | sort)
}

# Its semaphores on BSD stay locked when a writer is killed; FreeBSD has had
# robust mutexes since version 11.
build_lmdb() {
	cd libraries/liblmdb
	sed -i 's/ || defined (BSD) / /' mdb.c
	cp lmdb.h "$DEPS/include/"
	library lmdb "-pthread" mdb.c midl.c
}

# Of what it asks about a system, what FreeBSD has.
build_libevent() {
	{
		echo '#ifndef EVENT2_EVENT_CONFIG_H_INCLUDED_'
		echo '#define EVENT2_EVENT_CONFIG_H_INCLUDED_'
		for have in ACCEPT4 ARC4RANDOM ARC4RANDOM_BUF ARPA_INET_H \
		    CLOCK_GETTIME DECL_CTL_KERN ERRNO_H FCNTL FCNTL_H \
		    FD_MASK GETADDRINFO GETEGID GETEUID GETIFADDRS \
		    GETNAMEINFO GETPROTOBYNUMBER GETSERVBYNAME \
		    GETTIMEOFDAY IFADDRS_H INET_NTOP INET_PTON INTTYPES_H \
		    ISSETUGID KQUEUE MMAP NANOSLEEP NETDB_H NETINET_IN_H \
		    NETINET_TCP_H PIPE PIPE2 POLL POLL_H PTHREADS PUTENV \
		    SA_FAMILY_T SELECT SETENV SETFD SIGACTION SIGNAL \
		    STDARG_H STDDEF_H STDINT_H STDLIB_H STRING_H STRLCPY \
		    STRSEP STRTOK_R STRTOLL STRUCT_ADDRINFO \
		    STRUCT_IN6_ADDR STRUCT_LINGER STRUCT_SOCKADDR_IN6 \
		    STRUCT_SOCKADDR_IN6_SIN6_LEN \
		    STRUCT_SOCKADDR_IN_SIN_LEN STRUCT_SOCKADDR_STORAGE \
		    STRUCT_SOCKADDR_STORAGE_SS_FAMILY STRUCT_SOCKADDR_UN \
		    SYSCTL SYS_EVENT_H SYS_IOCTL_H SYS_MMAN_H SYS_PARAM_H \
		    SYS_QUEUE_H SYS_RESOURCE_H SYS_SELECT_H SYS_SOCKET_H \
		    SYS_STAT_H SYS_SYSCTL_H SYS_TIME_H SYS_TYPES_H \
		    SYS_UIO_H SYS_UN_H SYS_WAIT_H TAILQFOREACH TIMERADD \
		    TIMERCLEAR TIMERCMP TIMERISSET UINT16_T UINT32_T \
		    UINT64_T UINT8_T UINTPTR_T UMASK UNISTD_H UNSETENV \
		    USLEEP VASPRINTF WORKING_KQUEUE; do
			echo "#define EVENT__HAVE_$have 1"
		done
		for type in INT:4 LONG:8 LONG_LONG:8 OFF_T:8 PTHREAD_T:8 \
		    SHORT:2 SIZE_T:8 TIME_T:8 VOID_P:8; do
			echo "#define EVENT__SIZEOF_${type%:*} ${type#*:}"
		done
		echo '#define EVENT__TIME_WITH_SYS_TIME 1'
		echo '#define EVENT__NUMERIC_VERSION 0x02010c00'
		echo '#define EVENT__VERSION "2.1.12-stable"'
		echo '#endif'
	} > include/event2/event-config.h
	: > evconfig-private.h
	cp -R include/event2 include/*.h "$DEPS/include/"
	library event "-I. -Iinclude -DHAVE_CONFIG_H" \
	    buffer.c bufferevent.c bufferevent_filter.c bufferevent_pair.c \
	    bufferevent_ratelim.c bufferevent_sock.c event.c evmap.c \
	    evthread.c evutil.c evutil_rand.c evutil_time.c listener.c log.c \
	    signal.c kqueue.c poll.c select.c
}

build_jansson() {
	sed -e 's/@json_inline@/inline/' -e 's/@json_[a-z_]*@/1/' \
	    src/jansson_config.h.in > src/jansson_config.h
	: > src/jansson_private_config.h
	cp src/jansson.h src/jansson_config.h "$DEPS/include/"
	library jansson "-Isrc -DUSE_URANDOM=1 -DHAVE_STDINT_H=1
	    -DHAVE_FCNTL_H=1 -DHAVE_SCHED_H=1 -DHAVE_UNISTD_H=1
	    -DHAVE_SYS_STAT_H=1 -DHAVE_SYS_TIME_H=1 -DHAVE_SYS_TYPES_H=1
	    -DHAVE_GETTIMEOFDAY=1 -DHAVE_SCHED_YIELD=1" src/*.c
}

# For reading alone.
build_zlib() {
	cp zlib.h zconf.h "$DEPS/include/"
	library z "-I." adler32.c crc32.c inflate.c inftrees.c inffast.c zutil.c
}

# Whatever changes in here, zig included, makes the libraries anew.
build_libraries() {
	stamp=$(cat "$0" - << EOF | sha256sum
$("$ZIG" version)
EOF
)
	[ "$(cat "$DEPS/stamp" 2> /dev/null)" != "$stamp" ] || return 0
	fetch_sources
	rm -rf "$DEPS"
	for p in $PACKAGES; do
		(unpack "$p" && "build_$p")
	done
	echo "$stamp" > "$DEPS/stamp"
}

# What the programs ask of a system must be there on all: libc and libthr, and
# of these nothing newer than FreeBSD 13's.
check_needs() {
	command -v readelf > /dev/null || {
		echo "freebsd.sh: readelf is missing; install binutils" >&2
		exit 1
	}
	readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	    grep -vxE 'libc\.so\.7|libthr\.so\.3' >> "$LOG" && {
		echo "freebsd.sh: $1 needs more libraries than libc and" \
		    "libthr; see $LOG" >&2
		exit 1
	}
	readelf -W --dyn-syms "$1" |
	    grep -E ' UND .*@(FBSD_1\.([7-9]|[1-9][0-9])|FBSDprivate)' \
	    >> "$LOG" || return 0
	echo "freebsd.sh: $1 needs symbols that FreeBSD 13 lacks; see $LOG" >&2
	exit 1
}

get_zig
build_libraries
ENTRY=$ABS/entry.o
quietly "compiling entry.c" "$ABS/cc" -O2 -fPIE -Wall -Wextra -Werror \
    -c kernel/freebsd/cross/entry.c -o "$ENTRY"
L=$DEPS/lib
"$MAKE" OS=FreeBSD BUILD="$OUT" CC="$ABS/cc" PARTS_CFLAGS="-isystem $DEPS/include" \
    PARTS_LIBS="$ENTRY $L/libyaml.a $L/libsodium.a $L/liblmdb.a $L/libevent.a $L/libjansson.a $L/libz.a -lpthread" \
    all
cp "$OUT/conform" "$OUT/conform-freebsd"

# As brandelf(1): byte 7 of an ELF file is the system that it is for.
for program in jailagent conform-freebsd; do
	printf '\011' | dd of="$OUT/$program" bs=1 seek=7 conv=notrunc \
	    2>> "$LOG"
	check_needs "$OUT/$program"
	say "done  $OUT/$program"
done
