/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: flip FILE SEED [skip]
 *
 * Gives one byte of FILE another value, both chosen by SEED, and prints where.
 * `skip`: not in the first line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64: neighbouring seeds give unrelated numbers */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

int
main(int argc, char **argv)
{
	static unsigned char data[1 << 20];
	size_t len, start = 0, at;
	uint64_t r;
	FILE *f;

	if (argc < 3 || (f = fopen(argv[1], "r+")) == NULL)
		return 2;
	len = fread(data, 1, sizeof data, f);
	if (argc > 3)
		start = (size_t)((unsigned char *)memchr(data, '\n', len) -
		    data) + 1;
	r = mix(strtoull(argv[2], NULL, 10));
	at = start + (size_t)(r % (len - start));
	data[at] ^= (unsigned char)(r >> 32 & 0xff) | (r >> 40 & 1 ? 1 : 128);
	if (fseek(f, (long)at, SEEK_SET) != 0 || fputc(data[at], f) == EOF ||
	    fclose(f) != 0)
		return 2;
	printf("byte %zu of %zu is %02x\n", at, len, data[at]);
	return 0;
}
