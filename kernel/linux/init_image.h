/* SPDX-License-Identifier: BSD-2-Clause */
/* The embedded init of a jail: an ELF program, from here to its end. */
#ifndef JA_INIT_IMAGE_H
#define JA_INIT_IMAGE_H

extern const char jail_init_image[], jail_init_image_end[];

#endif
