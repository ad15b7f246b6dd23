/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request that needs nobody else costs the daemon, without User-Mode Linux: plays the kernel
 * for a program that has connector_shim.so loaded, with the requests of writes to a hot set of
 * regions, and reads from /proc how long that program ran meanwhile. tests/bench/cpu runs it.
 *
 * Usage: requests SHIM WRITES PROGRAM [ARGUMENT]... Needs root. Prints one line: microseconds of
 * CPU time and allocations a request. Exit status 1 when requests allocate.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ulog.h"

#define CONSTRUCTOR     "2097152 clustered-core 1024 nosync"
#define REGIONS         2048
#define HOT_REGIONS     256
#define REPEATS         5
#define LUID            0x1234
#define HEAD_BYTES      (sizeof(struct nlmsghdr) + sizeof(struct cn_msg))
#define DATAGRAM_BYTES  1024
#define SOCKET_FD       100
#define COUNTS_TEMPLATE "/tmp/clogd-bench-counts.XXXXXX"

struct kernel {
	int socket;
	uint32_t seq;
	unsigned long requests;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static size_t wrap(uint8_t *datagram, const struct ulog_request *request)
{
	struct nlmsghdr header = {.nlmsg_type = NLMSG_DONE};
	struct cn_msg message = {.id = {CN_IDX_DM, CN_VAL_DM_USERSPACE_LOG}};
	int size = ulog_request_encode(request, datagram + HEAD_BYTES, DATAGRAM_BYTES - HEAD_BYTES);

	if (size < 0)
		exit(1);
	message.len = (uint16_t)size;
	header.nlmsg_len = (uint32_t)(HEAD_BYTES + (size_t)size);
	memcpy(datagram, &header, sizeof(header));
	memcpy(datagram + sizeof(header), &message, sizeof(message));
	return header.nlmsg_len;
}

/* One request and its answer; exits when the answer is an error. */
static void ask(struct kernel *kernel, struct ulog_request *request)
{
	uint8_t datagram[DATAGRAM_BYTES];
	struct ulog_reply reply;
	ssize_t size;

	request->luid = LUID;
	request->version = 2;
	request->seq = ++kernel->seq;
	strcpy(request->uuid, "bench");
	size = (ssize_t)wrap(datagram, request);
	if (send(kernel->socket, datagram, (size_t)size, 0) != size)
		die("requests: send");
	size = recv(kernel->socket, datagram, sizeof(datagram), 0);
	if (size < (ssize_t)HEAD_BYTES)
		die("requests: the program has ended");
	if (ulog_reply_decode(datagram + HEAD_BYTES, (size_t)size - HEAD_BYTES, &reply) < 0 ||
	    reply.seq != request->seq || reply.error != 0) {
		fprintf(stderr, "requests: %s was not answered well\n",
			ulog_type_name(request->type));
		exit(1);
	}
	kernel->requests++;
}

static void ask_region(struct kernel *kernel, enum ulog_type type, uint64_t region)
{
	struct ulog_request request = {.type = type, .region_count = 1, .regions = {region}};

	ask(kernel, &request);
}

/* As dm-mirror does it for a region that is not in its hash. */
static void write_region(struct kernel *kernel, uint64_t region)
{
	struct ulog_request flush = {.type = ULOG_FLUSH};

	ask_region(kernel, ULOG_IN_SYNC, region);
	ask_region(kernel, ULOG_MARK_REGION, region);
	ask(kernel, &flush);
	ask_region(kernel, ULOG_CLEAR_REGION, region);
}

static void construct(struct kernel *kernel)
{
	struct ulog_request request = {.type = ULOG_CTR, .constructor = CONSTRUCTOR};
	struct ulog_request resume = {.type = ULOG_RESUME};

	ask(kernel, &request);
	ask(kernel, &resume);
	for (uint64_t region = 0; region < HOT_REGIONS; region++)
		write_region(kernel, region);
	kernel->requests = 0;
}

/* Nanoseconds that all threads of the process ran. */
static uint64_t run_time_ns(pid_t pid)
{
	char path[300];
	uint64_t total = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	directory = opendir(path);
	if (!directory)
		die("requests: /proc");
	for (struct dirent *entry; (entry = readdir(directory));) {
		uint64_t ran = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		if (file && fscanf(file, "%" SCNu64, &ran) == 1)
			total += ran;
		if (file)
			fclose(file);
	}
	closedir(directory);
	return total;
}

static pid_t start(int socket, const char *shim, const char *counts, char **words)
{
	char number[16];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	/* A /run of its own, beside a daemon that may run here. */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/run", "tmpfs", 0, NULL))
		die("requests: mount");
	if (dup2(socket, SOCKET_FD) < 0)
		die("requests: dup2");
	snprintf(number, sizeof(number), "%d", SOCKET_FD);
	setenv("CLOGD_BENCH_FD", number, 1);
	setenv("CLOGD_BENCH_COUNTS", counts, 1);
	setenv("LD_PRELOAD", shim, 1);
	execv(words[0], words);
	die(words[0]);
	return -1;
}

static const uint64_t *map_counts(char *name)
{
	int file = mkstemp(name);
	void *mapped;

	if (file < 0 || ftruncate(file, sizeof(uint64_t)))
		die("requests: counts");
	mapped = mmap(NULL, sizeof(uint64_t), PROT_READ, MAP_SHARED, file, 0);
	close(file);
	if (mapped == MAP_FAILED)
		die("requests: counts");
	return mapped;
}

/* The least of some repeats: what disturbs only adds. True when requests allocated nothing. */
static bool measure(struct kernel *kernel, pid_t pid, unsigned long writes,
		    const volatile uint64_t *allocations)
{
	uint64_t least_ns = UINT64_MAX;
	uint64_t allocated = *allocations;

	for (int repeat = 0; repeat < REPEATS; repeat++) {
		uint64_t before_ns = run_time_ns(pid);
		uint64_t ran_ns;

		for (unsigned long i = 0; i < writes; i++)
			write_region(kernel, (i * 97) % HOT_REGIONS);
		ran_ns = run_time_ns(pid) - before_ns;
		if (ran_ns < least_ns)
			least_ns = ran_ns;
	}
	printf("%.2f us a request, %.4f allocations a request\n",
	       (double)least_ns / 1e3 / ((double)kernel->requests / REPEATS),
	       (double)(*allocations - allocated) / (double)kernel->requests);
	/* Now and then the daemon does something of its own: a status line, the next second's work. */
	return (*allocations - allocated) * 1000 <= kernel->requests;
}

int main(int argc, char **argv)
{
	char counts[] = COUNTS_TEMPLATE;
	struct kernel kernel = {0};
	const uint64_t *allocations;
	unsigned long writes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int sockets[2];
	pid_t pid;
	bool good;

	if (argc < 4 || writes == 0) {
		fprintf(stderr, "Usage: requests SHIM WRITES PROGRAM [ARGUMENT]...\n");
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		die("requests: socketpair");
	allocations = map_counts(counts);
	pid = start(sockets[1], argv[1], counts, argv + 3);
	close(sockets[1]);
	kernel.socket = sockets[0];
	construct(&kernel);
	good = measure(&kernel, pid, writes, allocations);
	unlink(counts);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return good ? 0 : 1;
}
