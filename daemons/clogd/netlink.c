/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/process.h"
#include "daemons/clogd/turn.h"

#define SEND_TRIES    3
#define STACK_BYTES   (512 * 1024)
#define MESSAGE_BYTES 1024 /* the kernel's largest is 528 */
#define REPLY_BYTES_MAX \
	(NLMSG_SPACE(sizeof(struct cn_msg)) + ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX)

struct netlink {
	struct mnl_socket *socket;
	int descriptor;
	struct netlink_settings settings;
	struct netlink_counters counters;
	pthread_t thread;
	bool stopping; /* of the turn */
	struct log_limit malformed_limit;
	struct log_limit receive_limit;
	struct log_limit send_limit;
	_Alignas(NLMSG_ALIGNTO) uint8_t message[MESSAGE_BYTES];
	_Alignas(NLMSG_ALIGNTO) uint8_t reply[REPLY_BYTES_MAX];
};

/* --- opening --- */

/* Without it the kernel drops each reply, silently. */
static bool has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets))
		return true; /* not knowable; the bind below has the last word */
	return sets[capability / 32].effective & 1U << capability % 32;
}

/* NULL with errno set. */
static struct mnl_socket *open_socket(void)
{
	if (!has_capability(CAP_SYS_ADMIN) || !has_capability(CAP_NET_ADMIN)) {
		errno = EPERM;
		return NULL;
	}
	return mnl_socket_open2(NETLINK_CONNECTOR, SOCK_CLOEXEC);
}

int netlink_probe(void)
{
	struct mnl_socket *socket = open_socket();

	if (!socket)
		return -errno;
	(void)mnl_socket_close(socket);
	return 0;
}

static void set_buffer(struct netlink *netlink)
{
	int bytes = (int)netlink->settings.buffer_bytes;

	if (setsockopt(netlink->descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) &&
	    setsockopt(netlink->descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		log_warning("cannot set the socket's buffer to %d bytes: %s", bytes,
			    strerror(errno));
}

/* --- receiving --- */

static void refuse(struct netlink *netlink, const struct ulog_request *request, int error)
{
	struct ulog_reply reply;

	ulog_reply_init(&reply, request);
	reply.error = error;
	netlink_reply(netlink, &reply);
}

static void handle_malformed(struct netlink *netlink, const struct ulog_request *request, int error)
{
	unsigned skipped;

	netlink->counters.malformed++;
	if (error == -EBADMSG) {
		if (log_limit_pass(&netlink->malformed_limit, &skipped))
			log_error("a truncated request from the kernel is ignored (%u more before)",
				  skipped);
		return;
	}
	if (log_limit_pass(&netlink->malformed_limit, &skipped))
		log_error("a malformed request from the kernel is refused: %s (%d) version %u for "
			  "'%s': %s (%u more before)",
			  ulog_type_name(request->type), (int)request->type, request->version,
			  request->uuid, strerror(-error), skipped);
	refuse(netlink, request, error);
}

/* The request inside a datagram of the connector, or NULL when it is about something else. */
static const void *unwrap(const uint8_t *bytes, size_t size, size_t *request_size)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
	const struct cn_msg *message;

	if (size > MESSAGE_BYTES || !mnl_nlmsg_ok(header, (int)size) ||
	    mnl_nlmsg_get_payload_len(header) < sizeof(*message))
		return NULL;
	message = mnl_nlmsg_get_payload(header);
	if (message->id.idx != CN_IDX_DM || message->id.val != CN_VAL_DM_USERSPACE_LOG ||
	    message->len > mnl_nlmsg_get_payload_len(header) - sizeof(*message))
		return NULL;
	*request_size = message->len;
	return message->data;
}

static bool is_from_kernel(const struct sockaddr_nl *sender, socklen_t sender_size)
{
	return sender_size == sizeof(*sender) && sender->nl_family == AF_NETLINK &&
	       sender->nl_pid == 0;
}

static void handle_message(struct netlink *netlink, size_t message_size, bool from_kernel)
{
	struct ulog_request request;
	size_t size;
	const void *bytes = from_kernel ? unwrap(netlink->message, message_size, &size) : NULL;
	int error;

	if (!bytes) {
		netlink->counters.foreign++;
		return;
	}
	error = ulog_request_decode(bytes, size, &request);
	if (error) {
		handle_malformed(netlink, &request, error);
		return;
	}
	netlink->counters.requests++;
	netlink->counters.constructors += request.type == ULOG_CTR;
	netlink->settings.request(netlink->settings.context, &request);
}

static void handle_receive_error(struct netlink *netlink, int error)
{
	unsigned skipped;

	if (error == ENOBUFS)
		netlink->counters.overruns++;
	if (log_limit_pass(&netlink->receive_limit, &skipped))
		log_warning("%s (%u more before)",
			    error == ENOBUFS ? "requests of the kernel were lost: it asks again in "
					       "15 s; consider a larger --socket-buffer"
					     : strerror(error),
			    skipped);
}

/* The size of what came, in full even when it did not fit, or negative errno. */
static ssize_t receive(struct netlink *netlink, int flags, bool *from_kernel)
{
	struct sockaddr_nl sender = {0};
	socklen_t sender_size = sizeof(sender);
	ssize_t size = recvfrom(netlink->descriptor, netlink->message, MESSAGE_BYTES,
				flags | MSG_TRUNC, (struct sockaddr *)&sender, &sender_size);

	*from_kernel = size >= 0 && is_from_kernel(&sender, sender_size);
	return size < 0 ? -errno : size;
}

void netlink_drain(struct netlink *netlink)
{
	bool from_kernel;
	ssize_t size;

	while ((size = receive(netlink, MSG_DONTWAIT, &from_kernel)) > 0 || size == -ENOBUFS)
		if (size > 0)
			handle_message(netlink, (size_t)size, from_kernel);
		else
			handle_receive_error(netlink, ENOBUFS);
}

/* --- the thread --- */

static void pause_ms(long milliseconds)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static bool serve_one(struct netlink *netlink)
{
	bool from_kernel;
	ssize_t size = receive(netlink, 0, &from_kernel);
	bool stopping;

	if (size == -EINTR)
		return true;
	turn_take();
	stopping = netlink->stopping;
	if (size >= 0)
		handle_message(netlink, (size_t)size, from_kernel);
	else
		handle_receive_error(netlink, (int)-size);
	turn_give();
	if (size < 0 && size != -ENOBUFS)
		pause_ms(10); /* it may last */
	return !stopping;
}

static void *serve(void *context)
{
	struct netlink *netlink = context;

	(void)pthread_setname_np(pthread_self(), "clogd-kernel");
	turn_take(); /* for what it may say */
	if (netlink->settings.realtime)
		process_hurry();
	turn_give();
	while (serve_one(netlink))
		;
	return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct netlink *netlink)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error)
		return -error;
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&netlink->thread, &attributes, serve, netlink);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -error;
}

/* It sleeps in the socket: a message of our own wakes it. */
void netlink_stop(struct netlink *netlink)
{
	struct nlmsghdr nothing = {.nlmsg_len = sizeof(nothing), .nlmsg_type = NLMSG_NOOP};
	struct sockaddr_nl ourselves = {
		.nl_family = AF_NETLINK,
		.nl_pid = mnl_socket_get_portid(netlink->socket),
	};

	turn_take();
	netlink->stopping = true;
	turn_give();
	while (sendto(netlink->descriptor, &nothing, sizeof(nothing), 0,
		      (struct sockaddr *)&ourselves, sizeof(ourselves)) < 0 &&
	       errno != ECONNREFUSED)
		pause_ms(1);
	(void)pthread_join(netlink->thread, NULL);
}

/* --- life --- */

int netlink_open(const struct netlink_settings *settings, struct netlink **netlink_out)
{
	struct netlink *netlink;
	int error;

	netlink = memory_new(1, sizeof(*netlink));
	netlink->settings = *settings;
	netlink->socket = open_socket();
	if (!netlink->socket) {
		error = -errno;
		goto failed;
	}
	netlink->descriptor = mnl_socket_get_fd(netlink->socket);
	set_buffer(netlink);
	/* Last, when all is ready for what it brings. */
	if (mnl_socket_bind(netlink->socket, 1U << (CN_IDX_DM - 1), MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		goto failed;
	}
	error = start_thread(netlink);
	if (error)
		goto failed;
	*netlink_out = netlink;
	return 0;

failed:
	netlink_close(netlink);
	return error;
}

void netlink_stop_listening(struct netlink *netlink)
{
	int group = CN_IDX_DM;

	(void)mnl_socket_setsockopt(netlink->socket, NETLINK_DROP_MEMBERSHIP, &group,
				    sizeof(group));
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->socket)
		(void)mnl_socket_close(netlink->socket);
	free(netlink);
}

const struct netlink_counters *netlink_counters(const struct netlink *netlink)
{
	return &netlink->counters;
}

/* --- sending --- */

static size_t wrap_reply(struct netlink *netlink, const struct ulog_reply *reply)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(netlink->reply);
	struct cn_msg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	int size =
		ulog_reply_encode(reply, message->data, ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX);

	if (size < 0)
		return 0;
	header->nlmsg_type = NLMSG_DONE;
	header->nlmsg_seq = reply->seq;
	header->nlmsg_len += (uint32_t)size;
	message->id.idx = CN_IDX_DM;
	message->id.val = CN_VAL_DM_USERSPACE_LOG;
	message->seq = reply->seq;
	message->len = (uint16_t)size;
	return header->nlmsg_len;
}

/* The kernel takes a reply in within the call; only its memory can be short. */
void netlink_reply(struct netlink *netlink, const struct ulog_reply *reply)
{
	size_t size = wrap_reply(netlink, reply);
	unsigned skipped;

	for (int i = 0; size && i < SEND_TRIES; i++)
		if (send(netlink->descriptor, netlink->reply, size, MSG_DONTWAIT) ==
		    (ssize_t)size) {
			netlink->counters.replies++;
			return;
		}
	netlink->counters.replies_lost++;
	if (log_limit_pass(&netlink->send_limit, &skipped))
		log_error(
			"a reply to the kernel is lost: %s; it asks again in 15 s (%u more before)",
			size ? strerror(errno) : "it does not fit", skipped);
}
