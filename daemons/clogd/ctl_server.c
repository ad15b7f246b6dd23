/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/ctl_server.h"

#include <errno.h>
#include <qb/qbipcs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/ctl_access.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/turn.h"

#define CLIENTS_MAX 32
#define REPLY_ID    1

struct client {
	struct client *next;
	qb_ipcs_connection_t *connection;
	uint64_t call; /* waits for its answer; 0: none */
	char *text;    /* the answer, while the client fetches it */
	size_t size;
	size_t offset;
	enum ctl_status status;
	bool leaving; /* disconnected by the next round of the loop */
};

struct ctl_server {
	struct ctl_server_settings settings;
	struct ctl_access *access;
	qb_ipcs_service_t *service;
	struct client *clients;
	unsigned client_count;
	uint64_t last_call;
};

/* libqb's poll handlers and its accept carry no context. */
static struct ctl_server *the_server;

/* --- libqb's IPC on our loop --- */

static int32_t add_job(enum qb_loop_priority priority, void *data, qb_loop_job_dispatch_fn run)
{
	return qb_loop_job_add(the_server->settings.loop, priority, data, run);
}

static int32_t add_descriptor(enum qb_loop_priority priority, int32_t descriptor, int32_t events,
			      void *data, qb_ipcs_dispatch_fn_t run)
{
	return qb_loop_poll_add(the_server->settings.loop, priority, descriptor, events, data, run);
}

static int32_t change_descriptor(enum qb_loop_priority priority, int32_t descriptor, int32_t events,
				 void *data, qb_ipcs_dispatch_fn_t run)
{
	return qb_loop_poll_mod(the_server->settings.loop, priority, descriptor, events, data, run);
}

static int32_t remove_descriptor(int32_t descriptor)
{
	return qb_loop_poll_del(the_server->settings.loop, descriptor);
}

/* --- answers --- */

static void forget_answer(struct client *client)
{
	free(client->text);
	client->text = NULL;
}

static void disconnect(void *data)
{
	qb_ipcs_connection_t *connection = data;

	qb_ipcs_disconnect(connection);
	qb_ipcs_connection_unref(connection);
}

/* Not at once: libqb uses the connection after a request was handled. */
static void let_go(struct client *client)
{
	if (client->leaving)
		return;
	client->leaving = true;
	qb_ipcs_connection_ref(client->connection);
	if (qb_loop_job_add(the_server->settings.loop, QB_LOOP_MED, client->connection, disconnect))
		qb_ipcs_connection_unref(client->connection);
}

/* A client that does not take its replies is let go: the loop never waits for one. */
static void send_piece(struct client *client)
{
	struct qb_ipc_response_header header = {.id = REPLY_ID};
	struct bytes_buffer buffer = {0};
	size_t left = client->size - client->offset;
	size_t piece = left < CTL_CHUNK_MAX ? left : CTL_CHUNK_MAX;
	struct ctl_reply reply = {
		.status = client->status,
		.more = piece < left,
		.text = client->text + client->offset,
		.text_size = piece,
	};
	struct iovec parts[2];

	ctl_reply_encode(&reply, &buffer);
	header.size = (int32_t)(sizeof(header) + buffer.size);
	parts[0] = (struct iovec){.iov_base = &header, .iov_len = sizeof(header)};
	parts[1] = (struct iovec){.iov_base = buffer.data, .iov_len = buffer.size};
	client->offset += piece;
	if (!reply.more)
		forget_answer(client);
	if (qb_ipcs_response_sendv(client->connection, parts, 2) < 0)
		let_go(client);
	bytes_free(&buffer);
}

void ctl_server_answer(struct ctl_server *server, uint64_t call, enum ctl_status status, char *text)
{
	struct client *client = server->clients;

	while (client && client->call != call)
		client = client->next;
	if (!client) {
		free(text);
		return;
	}
	client->call = 0;
	client->status = status;
	client->text = text;
	client->size = strlen(text);
	client->offset = 0;
	send_piece(client);
}

/* --- requests --- */

static int decode(const void *data, size_t size, struct ctl_request *request)
{
	struct qb_ipc_request_header header; /* in shared memory, and not aligned there */

	if (size < sizeof(header))
		return -EBADMSG;
	memcpy(&header, data, sizeof(header));
	if (header.size < (int32_t)sizeof(header) || (size_t)header.size > size)
		return -EBADMSG;
	return ctl_request_decode((const uint8_t *)data + sizeof(header),
				  (size_t)header.size - sizeof(header), request);
}

static void handle(struct client *client, const void *data, size_t size)
{
	struct ctl_request request;
	int error;

	if (client->leaving)
		return;
	error = decode(data, size, &request);
	if (!error && (client->call || (request.kind == CTL_NEXT) != (client->text != NULL)))
		error = -EPROTO; /* out of turn */
	if (error) {
		log_warning("a client of the control socket is let go: %s", strerror(-error));
		let_go(client);
		return;
	}
	if (request.kind == CTL_NEXT) {
		send_piece(client);
		return;
	}
	client->call = ++the_server->last_call;
	the_server->settings.request(the_server->settings.context, client->call, request.line);
}

static int32_t handle_request(qb_ipcs_connection_t *connection, void *data, size_t size)
{
	turn_take();
	handle(qb_ipcs_context_get(connection), data, size);
	turn_give();
	return 0;
}

/* --- connections --- */

static void say_refused(uid_t uid)
{
	turn_take();
	log_notice("a connection of user %u to the control socket is refused", uid);
	turn_give();
}

static int32_t accept_client(qb_ipcs_connection_t *connection, uid_t uid, gid_t gid)
{
	if (!ctl_access_allows(the_server->access, uid, gid)) {
		say_refused(uid);
		return -EACCES;
	}
	if (the_server->client_count >= CLIENTS_MAX)
		return -EAGAIN;
	qb_ipcs_connection_auth_set(connection, uid, gid, 0600);
	return 0;
}

static void create_client(qb_ipcs_connection_t *connection)
{
	struct client *client = memory_new(1, sizeof(*client));

	client->connection = connection;
	client->next = the_server->clients;
	the_server->clients = client;
	the_server->client_count++;
	qb_ipcs_context_set(connection, client);
}

static int32_t close_client(qb_ipcs_connection_t *connection)
{
	struct client *client = qb_ipcs_context_get(connection);
	struct client **link = &the_server->clients;

	while (*link && *link != client)
		link = &(*link)->next;
	if (*link) {
		*link = client->next;
		the_server->client_count--;
	}
	return 0;
}

static void destroy_client(qb_ipcs_connection_t *connection)
{
	struct client *client = qb_ipcs_context_get(connection);

	if (!client)
		return;
	forget_answer(client);
	free(client);
	qb_ipcs_context_set(connection, NULL);
}

/* --- the server --- */

static int start_service(struct ctl_server *server)
{
	static struct qb_ipcs_service_handlers handlers = {
		.connection_accept = accept_client,
		.connection_created = create_client,
		.msg_process = handle_request,
		.connection_closed = close_client,
		.connection_destroyed = destroy_client,
	};
	static struct qb_ipcs_poll_handlers poll_handlers = {
		.job_add = add_job,
		.dispatch_add = add_descriptor,
		.dispatch_mod = change_descriptor,
		.dispatch_del = remove_descriptor,
	};

	server->service = qb_ipcs_create(CTL_SERVICE, 0, QB_IPC_NATIVE, &handlers);
	if (!server->service)
		return -errno;
	qb_ipcs_poll_handlers_set(server->service, &poll_handlers);
	qb_ipcs_enforce_buffer_size(server->service, CTL_MESSAGE_MAX);
	return qb_ipcs_run(server->service);
}

struct ctl_server *ctl_server_new(const struct ctl_server_settings *settings)
{
	struct ctl_server *server = memory_new(1, sizeof(*server));
	int error;

	server->settings = *settings;
	server->access = ctl_access_new(settings->group);
	if (!server->access) {
		free(server);
		return NULL;
	}
	the_server = server;
	error = start_service(server);
	if (error) {
		server->service = NULL; /* qb_ipcs_run() has destroyed it */
		ctl_server_free(server);
		errno = -error;
		return NULL;
	}
	return server;
}

void ctl_server_free(struct ctl_server *server)
{
	if (!server)
		return;
	if (server->service)
		qb_ipcs_destroy(server->service);
	ctl_access_free(server->access);
	free(server);
	the_server = NULL;
}
