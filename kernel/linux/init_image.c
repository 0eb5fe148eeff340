/* SPDX-License-Identifier: BSD-2-Clause */
/* The program build/jail-init as bytes, see init/init.c. */
#include "init_image.h"

__asm__(".section .rodata\n"
	".balign 16\n"
	".globl jail_init_image\n"
	"jail_init_image:\n"
	".incbin \"" JAILAGENT_BUILD "/jail-init\"\n"
	".globl jail_init_image_end\n"
	"jail_init_image_end:\n"
	".byte 0\n"
	".previous\n");
