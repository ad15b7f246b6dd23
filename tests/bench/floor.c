/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor: a log server that answers every request at once and keeps nothing.
 *
 * Every region is in sync and clean always. No log server can be faster than this one, so
 * benchmarks measure clogd against it. It also shows, without anything of clogd, how little
 * the kernel's side (dm-log-userspace over the netlink connector) needs.
 *
 * With -DORDERED ordered.c -lcpg it sends a message through Corosync for each request that marks,
 * and answers when that is delivered: no log of a cluster that knows nothing ahead is faster.
 *
 * Build: cc -O2 -o floor floor.c. Needs CAP_NET_ADMIN to join the group and CAP_SYS_ADMIN to
 * answer. Prints "ready" when it listens, and the number of requests when SIGTERM ends it.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/connector.h>
#include <linux/dm-log-userspace.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ordered.h"

#define LOGS_MAX             64
#define RECEIVE_BUFFER_BYTES (1 << 20)
#define PAYLOAD_MAX          512

struct log {
	uint64_t luid;
	uint64_t region_sectors; /* 0: the slot is free */
	uint64_t region_count;
	char status[64];
};

/*
 * A datagram in either direction is head and body, one after the other. The head's 36 bytes
 * would leave the body misaligned, so they are apart in memory.
 */
struct head {
	struct nlmsghdr netlink;
	struct cn_msg connector;
};

struct body {
	struct dm_ulog_request request;
	char payload[PAYLOAD_MAX + 1]; /* room for a NUL after a constructor string */
};

static struct log logs[LOGS_MAX];
static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static struct log *log_find(uint64_t luid)
{
	for (size_t i = 0; i < LOGS_MAX; i++)
		if (logs[i].region_sectors != 0 && logs[i].luid == luid)
			return &logs[i];
	return NULL;
}

static struct log *log_find_free(void)
{
	for (size_t i = 0; i < LOGS_MAX; i++)
		if (logs[i].region_sectors == 0)
			return &logs[i];
	return NULL;
}

/*
 * The string is "<sectors> clustered-disk <device> <region size> ..."
 * or "<sectors> clustered-core <region size> ...".
 */
static int log_create(uint64_t luid, const char *constructor)
{
	uint64_t sectors;
	uint64_t region_sectors;
	char device[40] = "";
	struct log *log = log_find_free();

	if (log_find(luid))
		return 0; /* the kernel asks anew when this program was away */
	bool parsed = sscanf(constructor, "%" SCNu64 " clustered-core %" SCNu64, &sectors,
			     &region_sectors) == 2 ||
		      sscanf(constructor, "%" SCNu64 " clustered-disk %39s %" SCNu64, &sectors,
			     device, &region_sectors) == 3;
	if (!parsed || !log || region_sectors == 0)
		return -EINVAL;
	log->luid = luid;
	log->region_sectors = region_sectors;
	log->region_count = (sectors + region_sectors - 1) / region_sectors;
	if (device[0])
		snprintf(log->status, sizeof(log->status), "3 clustered-disk %s A", device);
	else
		snprintf(log->status, sizeof(log->status), "1 clustered-core");
	return 0;
}

static void answer_numbers(struct dm_ulog_request *request, size_t count, uint64_t first,
			   uint64_t second)
{
	const uint64_t numbers[2] = {first, second};

	request->data_size = (uint32_t)(count * sizeof(numbers[0]));
	memcpy(request->data, numbers, request->data_size);
}

/* Turns a request into its answer, in place. */
static void answer(struct dm_ulog_request *request)
{
	uint32_t type = DM_ULOG_REQUEST_TYPE(request->request_type);
	struct log *log;

	if (type == DM_ULOG_CTR) {
		request->data[request->data_size] = '\0';
		request->error = log_create(request->luid, request->data);
	}
	log = log_find(request->luid);
	if (type != DM_ULOG_CTR)
		request->error = log ? 0 : -ESRCH; /* it sends CTR and RESUME, then this again */
	request->data_size = 0;
	if (!log)
		return;
	switch (type) {
#ifdef ORDERED
	case DM_ULOG_MARK_REGION:
		ordered_send();
		break;
#endif
	case DM_ULOG_DTR:
		log->region_sectors = 0;
		break;
	case DM_ULOG_GET_REGION_SIZE:
		answer_numbers(request, 1, log->region_sectors, 0);
		break;
	case DM_ULOG_IS_CLEAN:
	case DM_ULOG_IN_SYNC:
		answer_numbers(request, 1, 1, 0);
		break;
	case DM_ULOG_GET_RESYNC_WORK:
		answer_numbers(request, 2, 0, 0);
		break;
	case DM_ULOG_GET_SYNC_COUNT:
		answer_numbers(request, 1, log->region_count, 0);
		break;
	case DM_ULOG_IS_REMOTE_RECOVERING:
		answer_numbers(request, 2, 0, log->region_count);
		break;
	case DM_ULOG_STATUS_INFO:
		request->data_size = (uint32_t)strlen(log->status) + 1;
		memcpy(request->data, log->status, request->data_size);
		break;
	default: /* suspend, resume, marks, clears, flushes: done */
		break;
	}
}

static int open_connector(void)
{
	const int group = CN_IDX_DM;
	const int buffer_bytes = RECEIVE_BUFFER_BYTES;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof(buffer_bytes)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		perror("floor: netlink connector");
		exit(1);
	}
	return fd;
}

static bool is_request(const struct head *head, const struct dm_ulog_request *request,
		       size_t length)
{
	const size_t least = sizeof(*head) + sizeof(*request);

	return length >= least && head->connector.id.idx == CN_IDX_DM &&
	       head->connector.id.val == CN_VAL_DM_USERSPACE_LOG &&
	       request->data_size <= length - least;
}

static void serve(int fd, unsigned long *requests)
{
	struct head head;
	struct body body;
	struct iovec parts[2] = {{&head, sizeof(head)}, {&body, sizeof(body) - 1}};
	ssize_t length = readv(fd, parts, 2);

	if (length < 0 && errno != EINTR && errno != ENOBUFS) {
		perror("floor: read"); /* after ENOBUFS the kernel sends again what was lost */
		exit(1);
	}
	if (length < 0 || !is_request(&head, &body.request, (size_t)length))
		return;
	answer(&body.request);
	parts[1].iov_len = sizeof(body.request) + body.request.data_size;
	head.connector.len = (uint16_t)parts[1].iov_len;
	head.connector.ack = 0;
	head.connector.flags = 0;
	head.netlink = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(sizeof(head) + parts[1].iov_len),
		.nlmsg_type = NLMSG_DONE,
	};
	if (writev(fd, parts, 2) < 0)
		perror("floor: write"); /* the kernel will ask again */
	(*requests)++;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	unsigned long requests = 0;
	int fd = open_connector();

	sigaction(SIGTERM, &action, NULL);
#ifdef ORDERED
	ordered_open("floor");
#endif
	puts("ready");
	fflush(stdout);
	while (!stopping)
		serve(fd, &requests);
	printf("%lu requests\n", requests);
	return 0;
}
