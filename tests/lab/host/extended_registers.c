/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into User-Mode Linux (LD_PRELOAD): two helps with the extended registers (FPU, SSE, AVX, ...) of a node's
 * processes, which Linux 6.1 for User-Mode reads after each of their stops and writes before each of their runs.
 *
 * More than it knows: it keeps 2696 bytes of them (arch/x86/um/user-offsets.c: AVX-512 and protection keys) and
 * writes back as many. A host whose processor has AMX takes all of its 11008 bytes or none (xstateregs_set() in
 * arch/x86/kernel/fpu/regset.c: EFAULT), and the node's init dies. What the node does not know it has not used: it
 * is written back as zeros.
 *
 * Unchanged: the host takes them through memory that it maps and unmaps each time, and restores all of them then.
 * What is as it was read, with no run in between, is not written.
 *
 * Build: cc -O2 -shared -fPIC -o extended_registers.so extended_registers.c
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
#define KNOWN_MAX     (16 * 1024)
#define KNOWN_COUNT   64

typedef long ptrace_fn(enum __ptrace_request request, pid_t process, void *address, void *data);

static ptrace_fn *next;
static uint8_t registers[REGISTERS_MAX];
static size_t known_bytes; /* how much of `registers` the node has written */
static size_t host_bytes;  /* what the host has; 0: not asked yet */

/* What processes that have not run since had in them, as far as it was read. */
static struct known {
	pid_t process; /* 0: none */
	size_t size;
	uint8_t bytes[KNOWN_MAX];
} known[KNOWN_COUNT];

__attribute__((constructor)) static void set_up(void)
{
	next = (ptrace_fn *)dlsym(RTLD_NEXT, "ptrace");
}

/* --- more than the node knows --- */

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

static long set(pid_t process, struct iovec *some)
{
	long result;

	if (host_bytes != 0)
		return set_wide(process, some);
	result = next(PTRACE_SETREGSET, process, (void *)NT_X86_XSTATE, some);
	return result == -1 && errno == EFAULT ? set_wide(process, some) : result;
}

/* --- unchanged --- */

static struct known *place_of(pid_t process)
{
	return &known[(unsigned)process % KNOWN_COUNT];
}

static void forget(pid_t process)
{
	if (place_of(process)->process == process)
		place_of(process)->process = 0;
}

/* `read` is what the host has read, and how much. */
static void learn(pid_t process, const struct iovec *read)
{
	struct known *place = place_of(process);

	place->process = 0;
	if (read->iov_len > KNOWN_MAX)
		return;
	memcpy(place->bytes, read->iov_base, read->iov_len);
	place->size = read->iov_len;
	place->process = process;
}

static bool has_already(pid_t process, const struct iovec *some)
{
	const struct known *place = place_of(process);

	return place->process == process && some->iov_len >= place->size &&
	       memcmp(some->iov_base, place->bytes, place->size) == 0;
}

/* All others may let it run, or change them. */
static bool leaves_extended(enum __ptrace_request request)
{
	return request == PTRACE_GETREGS || request == PTRACE_SETREGS ||
	       request == PTRACE_GETSIGINFO;
}

static long extended(enum __ptrace_request request, pid_t process, struct iovec *some)
{
	long result;

	if (request == PTRACE_SETREGSET) {
		if (has_already(process, some))
			return 0;
		forget(process);
		return set(process, some);
	}
	result = next(request, process, (void *)NT_X86_XSTATE, some);
	if (result == 0)
		learn(process, some);
	return result;
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list arguments;
	pid_t process;
	void *address, *data;

	va_start(arguments, request);
	process = va_arg(arguments, pid_t);
	address = va_arg(arguments, void *);
	data = va_arg(arguments, void *);
	va_end(arguments);
	if ((request == PTRACE_GETREGSET || request == PTRACE_SETREGSET) &&
	    address == (void *)NT_X86_XSTATE)
		return extended(request, process, data);
	if (!leaves_extended(request))
		forget(process);
	return next(request, process, address, data);
}
