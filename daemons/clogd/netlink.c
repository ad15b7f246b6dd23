/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/netlink_internal.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/memory.h"

#define SEND_TRIES 3

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
	return mnl_socket_open2(NETLINK_CONNECTOR, SOCK_CLOEXEC | SOCK_NONBLOCK);
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

static void set_up_batch(struct netlink *netlink)
{
	for (int i = 0; i < NETLINK_BATCH; i++) {
		struct msghdr *header = &netlink->messages[i].msg_hdr;

		netlink->vectors[i].iov_base = netlink->bytes[i];
		netlink->vectors[i].iov_len = NETLINK_MESSAGE_BYTES;
		header->msg_name = &netlink->senders[i];
		header->msg_iov = &netlink->vectors[i];
		header->msg_iovlen = 1;
	}
}

int netlink_open(const struct netlink_settings *settings, struct netlink **netlink_out)
{
	struct netlink *netlink;
	int error;

	netlink = memory_new(1, sizeof(*netlink));
	netlink->settings = *settings;
	netlink->socket = open_socket();
	if (!netlink->socket)
		goto failed;
	netlink->descriptor = mnl_socket_get_fd(netlink->socket);
	set_buffer(netlink);
	set_up_batch(netlink);
	/* Last, when all is ready for what it brings. */
	if (mnl_socket_bind(netlink->socket, 1U << (CN_IDX_DM - 1), MNL_SOCKET_AUTOPID) < 0)
		goto failed;
	if (settings->ring)
		netlink_ring_start(netlink);
	*netlink_out = netlink;
	return 0;

failed:
	error = -errno;
	netlink_close(netlink);
	return error;
}

void netlink_stop_listening(struct netlink *netlink)
{
	int group = CN_IDX_DM;

	(void)mnl_socket_setsockopt(netlink->socket, NETLINK_DROP_MEMBERSHIP, &group,
				    sizeof(group));
}

void netlink_leave_ring(struct netlink *netlink)
{
	if (netlink->ring)
		netlink_ring_stop(netlink);
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	netlink_leave_ring(netlink);
	if (netlink->socket)
		(void)mnl_socket_close(netlink->socket);
	free(netlink);
}

int netlink_descriptor(const struct netlink *netlink)
{
	return netlink->descriptor;
}

const struct netlink_counters *netlink_counters(const struct netlink *netlink)
{
	return &netlink->counters;
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

	if (size > NETLINK_MESSAGE_BYTES || !mnl_nlmsg_ok(header, (int)size) ||
	    mnl_nlmsg_get_payload_len(header) < sizeof(*message))
		return NULL;
	message = mnl_nlmsg_get_payload(header);
	if (message->id.idx != CN_IDX_DM || message->id.val != CN_VAL_DM_USERSPACE_LOG ||
	    message->len > mnl_nlmsg_get_payload_len(header) - sizeof(*message))
		return NULL;
	*request_size = message->len;
	return message->data;
}

static bool is_from_kernel(const struct msghdr *header)
{
	const struct sockaddr_nl *sender = header->msg_name;

	return header->msg_namelen == sizeof(*sender) && sender->nl_family == AF_NETLINK &&
	       sender->nl_pid == 0 && !(header->msg_flags & MSG_TRUNC);
}

static void handle_message(struct netlink *netlink, const struct mmsghdr *message)
{
	struct ulog_request request;
	size_t size;
	const void *bytes;
	int error;

	bytes = is_from_kernel(&message->msg_hdr)
			? unwrap(message->msg_hdr.msg_iov->iov_base, message->msg_len, &size)
			: NULL;
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
	netlink->lookahead.last = request.type;
	netlink->settings.request(netlink->settings.context, &request);
}

static void handle_receive_error(struct netlink *netlink, int error)
{
	unsigned skipped;

	if (error == EAGAIN || error == EINTR)
		return;
	if (error == ENOBUFS)
		netlink->counters.overruns++;
	if (log_limit_pass(&netlink->overrun_limit, &skipped))
		log_warning("%s (%u more before)",
			    error == ENOBUFS ? "requests of the kernel were lost: it asks again in "
					       "15 s; consider a larger --socket-buffer"
					     : strerror(error),
			    skipped);
}

bool netlink_dispatch(struct netlink *netlink)
{
	enum ulog_type behind;
	int count;

	for (int i = 0; i < NETLINK_BATCH; i++)
		netlink->messages[i].msg_hdr.msg_namelen = sizeof(netlink->senders[i]);
	behind = lookahead_begin(&netlink->lookahead);
	count = recvmmsg(netlink->descriptor, netlink->messages, NETLINK_BATCH, MSG_DONTWAIT, NULL);
	lookahead_learn(&netlink->lookahead, behind, count > 0);
	if (count < 0) {
		handle_receive_error(netlink, errno);
		return false;
	}
	for (int i = 0; i < count; i++)
		handle_message(netlink, &netlink->messages[i]);
	netlink->settings.taken(netlink->settings.context);
	/* Through a ring no answer has left yet: nothing can have come of it. */
	return !netlink->ring && lookahead_is_worth_it(&netlink->lookahead);
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
void netlink_send_now(struct netlink *netlink, const void *bytes, size_t size)
{
	unsigned skipped;

	for (int i = 0; size && i < SEND_TRIES; i++)
		if (send(netlink->descriptor, bytes, size, MSG_DONTWAIT) == (ssize_t)size) {
			netlink->counters.replies++;
			return;
		}
	netlink->counters.replies_lost++;
	if (log_limit_pass(&netlink->send_limit, &skipped))
		log_error(
			"a reply to the kernel is lost: %s; it asks again in 15 s (%u more before)",
			size ? strerror(errno) : "it does not fit", skipped);
}

void netlink_reply(struct netlink *netlink, const struct ulog_reply *reply)
{
	size_t size = wrap_reply(netlink, reply);

	if (!size || !netlink->ring || !netlink_ring_send(netlink, netlink->reply, size))
		netlink_send_now(netlink, netlink->reply, size);
}
