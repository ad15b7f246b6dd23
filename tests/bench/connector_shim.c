/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into clogd or the floor (LD_PRELOAD), this gives it a unix socket for the kernel's netlink
 * connector, so that requests.c can play the kernel on a machine without dm-log-userspace. All else
 * is the real program. It also counts the program's allocations, and keeps the sockets of several
 * nodes on one machine apart.
 *
 * CLOGD_BENCH_FD is the number of the inherited socket. CLOGD_BENCH_COUNTS is the file, 8 bytes,
 * in which the count of allocations is kept; mapped, so that the other side can read it any time.
 *
 * Build: cc -O2 -shared -fPIC -o connector_shim.so connector_shim.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define KERNEL_PORT 0

static int connector = -1, connected = -1;
static uint64_t before_mapping;
static uint64_t *allocations = &before_mapping;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
	__atomic_fetch_add(allocations, 1, __ATOMIC_RELAXED);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	__atomic_fetch_add(allocations, 1, __ATOMIC_RELAXED);
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	__atomic_fetch_add(allocations, 1, __ATOMIC_RELAXED);
	return __libc_realloc(memory, size);
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void set_up(void)
{
	const char *descriptor = getenv("CLOGD_BENCH_FD");
	const char *counts = getenv("CLOGD_BENCH_COUNTS");
	int file = counts ? open(counts, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (descriptor)
		connector = atoi(descriptor);
	if (file < 0)
		return;
	mapped = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (mapped != MAP_FAILED)
		allocations = mapped;
}

int socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int) = next("socket");

	if (domain == AF_NETLINK && protocol == NETLINK_CONNECTOR && connector >= 0)
		return connected = dup(connector);
	return real(domain, type, protocol);
}

/*
 * Abstract sockets are a network namespace's, which the nodes of namespaces.py share: the last byte
 * of the name tells them apart.
 */
static int with_own_name(const char *call, int descriptor, const struct sockaddr *address,
			 socklen_t length)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = next(call);
	const char *node = getenv("CLOGD_BENCH_NODE");
	struct sockaddr_un own = {0};

	if (!node || address->sa_family != AF_UNIX || length <= sizeof(sa_family_t) ||
	    length > sizeof(own) || ((const struct sockaddr_un *)address)->sun_path[0] != '\0')
		return real(descriptor, address, length);
	memcpy(&own, address, length);
	own.sun_path[sizeof(own.sun_path) - 1] = node[0];
	return real(descriptor, (const struct sockaddr *)&own, sizeof(own));
}

int connect(int descriptor, const struct sockaddr *address, socklen_t length)
{
	return with_own_name("connect", descriptor, address, length);
}

int bind(int descriptor, const struct sockaddr *address, socklen_t length)
{
	if (address->sa_family == AF_NETLINK)
		return 0;
	return with_own_name("bind", descriptor, address, length);
}

/* A unix socket has no groups to join. */
int setsockopt(int descriptor, int level, int name, const void *value, socklen_t length)
{
	int (*real)(int, int, int, const void *, socklen_t) = next("setsockopt");

	return level == SOL_NETLINK ? 0 : real(descriptor, level, name, value, length);
}

int getsockname(int descriptor, struct sockaddr *address, socklen_t *length)
{
	int (*real)(int, struct sockaddr *, socklen_t *) = next("getsockname");
	struct sockaddr_nl mine = {.nl_family = AF_NETLINK, .nl_pid = (uint32_t)getpid()};

	if (descriptor != connected || *length < sizeof(mine))
		return real(descriptor, address, length);
	memcpy(address, &mine, sizeof(mine));
	*length = sizeof(mine);
	return 0;
}

/* What comes from the other end comes from the kernel. */
ssize_t recvfrom(int descriptor, void *bytes, size_t size, int flags, struct sockaddr *sender,
		 socklen_t *sender_size)
{
	static ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_pid = KERNEL_PORT};
	ssize_t received;

	if (!real)
		real = next("recvfrom");
	if (descriptor != connected)
		return real(descriptor, bytes, size, flags, sender, sender_size);
	received = real(descriptor, bytes, size, flags, NULL, NULL);
	memcpy(sender, &kernel, sizeof(kernel));
	*sender_size = sizeof(kernel);
	return received;
}

/* What the program sends to itself wakes it from its sleep in the socket; it reads the end of it here. */
ssize_t sendto(int descriptor, const void *bytes, size_t size, int flags,
	       const struct sockaddr *receiver, socklen_t receiver_size)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
		next("sendto");

	if (descriptor != connected)
		return real(descriptor, bytes, size, flags, receiver, receiver_size);
	(void)shutdown(descriptor, SHUT_RD);
	return (ssize_t)size;
}
