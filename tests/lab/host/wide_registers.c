/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into User-Mode Linux (LD_PRELOAD): lets it run on processors with more registers than it knows. Linux
 * 6.1 for User-Mode keeps 2696 bytes of a process's extended registers (arch/x86/um/user-offsets.c: AVX-512 and
 * protection keys) and writes back as many. A host whose processor has AMX takes all of its 11008 bytes or none
 * (xstateregs_set() in arch/x86/kernel/fpu/regset.c: EFAULT), and the node's init dies. What the node does not
 * know it has not used: it is written back as zeros.
 *
 * Build: cc -O2 -shared -fPIC -o wide_registers.so wide_registers.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define REGISTERS_MAX (64 * 1024)

typedef long ptrace_fn(enum __ptrace_request request, pid_t process, void *address, void *data);

static ptrace_fn *next;
static uint8_t registers[REGISTERS_MAX];
static size_t known_bytes; /* how much of `registers` the node has written */
static size_t host_bytes;  /* what the host has; 0: not asked yet */

__attribute__((constructor)) static void set_up(void)
{
	next = (ptrace_fn *)dlsym(RTLD_NEXT, "ptrace");
}

static long ask_host(pid_t process)
{
	struct iovec all = {.iov_base = registers, .iov_len = sizeof(registers)};
	long result = next(PTRACE_GETREGSET, process, (void *)NT_X86_XSTATE, &all);

	memset(registers, 0, sizeof(registers));
	host_bytes = all.iov_len;
	return result;
}

static long set_wide(pid_t process, const struct iovec *some)
{
	struct iovec all = {.iov_base = registers};

	if (host_bytes == 0 && ask_host(process))
		return -1;
	if (some->iov_len >= host_bytes) {
		errno = EFAULT;
		return -1;
	}
	if (some->iov_len < known_bytes)
		memset(registers + some->iov_len, 0, known_bytes - some->iov_len);
	known_bytes = some->iov_len;
	memcpy(registers, some->iov_base, known_bytes);
	all.iov_len = host_bytes;
	return next(PTRACE_SETREGSET, process, (void *)NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list arguments;
	pid_t process;
	void *address, *data;
	long result;
	bool extended;

	va_start(arguments, request);
	process = va_arg(arguments, pid_t);
	address = va_arg(arguments, void *);
	data = va_arg(arguments, void *);
	va_end(arguments);
	extended = request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE;
	if (extended && host_bytes != 0)
		return set_wide(process, data);
	result = next(request, process, address, data);
	return extended && result == -1 && errno == EFAULT ? set_wide(process, data) : result;
}
