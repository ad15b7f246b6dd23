/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/client.h"

#include <errno.h>
#include <qb/qbipcc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/memory.h"

#define TIMEOUT_MS 10000
#define REQUEST_ID 1
#define ANSWER_MAX (256U * 1024 * 1024)

static int send_request(qb_ipcc_connection_t *connection, const struct ctl_request *request)
{
	struct qb_ipc_request_header header = {.id = REQUEST_ID};
	struct bytes_buffer buffer = {0};
	struct iovec parts[2];
	ssize_t sent;

	ctl_request_encode(request, &buffer);
	header.size = (int32_t)(sizeof(header) + buffer.size);
	parts[0] = (struct iovec){.iov_base = &header, .iov_len = sizeof(header)};
	parts[1] = (struct iovec){.iov_base = buffer.data, .iov_len = buffer.size};
	sent = qb_ipcc_sendv(connection, parts, 2);
	bytes_free(&buffer);
	return sent < 0 ? (int)sent : 0;
}

static int receive_reply(qb_ipcc_connection_t *connection, uint8_t *message,
			 struct ctl_reply *reply)
{
	const size_t header_size = sizeof(struct qb_ipc_response_header);
	ssize_t got = qb_ipcc_recv(connection, message, CTL_MESSAGE_MAX, TIMEOUT_MS);

	if (got < 0)
		return got == -EAGAIN ? -ETIMEDOUT : (int)got;
	if ((size_t)got < header_size)
		return -EBADMSG;
	return ctl_reply_decode(message + header_size, (size_t)got - header_size, reply);
}

static int fetch(qb_ipcc_connection_t *connection, const char *line, uint8_t *message,
		 struct bytes_buffer *text, enum ctl_status *status)
{
	struct ctl_request request = {.kind = CTL_RUN};
	struct ctl_reply reply;

	if (snprintf(request.line, sizeof(request.line), "%s", line) >= (int)sizeof(request.line))
		return -EINVAL;
	do {
		int error = send_request(connection, &request);

		if (!error)
			error = receive_reply(connection, message, &reply);
		if (!error &&
		    (reply.text_size > ANSWER_MAX - text->size || (reply.more && !reply.text_size)))
			error = -EBADMSG;
		if (error)
			return error;
		bytes_put_raw(text, reply.text, reply.text_size);
		request = (struct ctl_request){.kind = CTL_NEXT};
	} while (reply.more);
	*status = reply.status;
	return 0;
}

/* libqb names the lack of a server by several errors. */
static int connect_error(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return -EACCES;
	case EAGAIN:
		return -EBUSY;
	default:
		return -ENOENT;
	}
}

int client_ask(const char *line, struct answer *answer)
{
	qb_ipcc_connection_t *connection = qb_ipcc_connect(CTL_SERVICE, CTL_MESSAGE_MAX);
	struct bytes_buffer text = {0};
	uint8_t *message;
	int error;

	if (!connection)
		return connect_error(errno);
	message = memory_new(1, CTL_MESSAGE_MAX);
	error = fetch(connection, line, message, &text, &answer->status);
	free(message);
	qb_ipcc_disconnect(connection);
	if (error) {
		bytes_free(&text);
		return error;
	}
	answer->size = text.size;
	bytes_put_u8(&text, 0);
	answer->text = (char *)text.data;
	return 0;
}
