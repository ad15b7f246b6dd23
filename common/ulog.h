/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log requests, bytes <-> validated structs.
 *
 * Sources: <linux/dm-log-userspace.h>, drivers/md/dm-log-userspace-base.c and
 * -transfer.c (6.1), <linux/connector.h>. The request is the payload of a
 * struct cn_msg; both are in the byte order of this host.
 */
#ifndef CLOGD_COMMON_ULOG_H
#define CLOGD_COMMON_ULOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ULOG_UUID_SIZE      129 /* with NUL: DM_UUID_LEN */
#define ULOG_REQUEST_BYTES  160 /* sizeof(struct dm_ulog_request) without data */
#define ULOG_PAYLOAD_MAX    512 /* what a request may carry; the kernel sends at most 512 - 180 */
#define ULOG_REGIONS_MAX    64  /* ULOG_PAYLOAD_MAX / 8; the kernel groups at most 32 */
#define ULOG_REPLY_DATA_MAX 512 /* what a reply may carry */

/* DM_ULOG_*; the numbers are the kernel's. */
enum ulog_type {
	ULOG_CTR = 1,
	ULOG_DTR,
	ULOG_PRESUSPEND,
	ULOG_POSTSUSPEND,
	ULOG_RESUME,
	ULOG_GET_REGION_SIZE,
	ULOG_IS_CLEAN,
	ULOG_IN_SYNC,
	ULOG_FLUSH,
	ULOG_MARK_REGION,
	ULOG_CLEAR_REGION,
	ULOG_GET_RESYNC_WORK,
	ULOG_SET_REGION_SYNC,
	ULOG_GET_SYNC_COUNT,
	ULOG_STATUS_INFO,
	ULOG_STATUS_TABLE,
	ULOG_IS_REMOTE_RECOVERING,
};
#define ULOG_TYPE_MAX ULOG_IS_REMOTE_RECOVERING

/* A request whose shape is right: sizes fit the type, the uuid is NUL-terminated and not empty. */
struct ulog_request {
	uint64_t luid;
	char uuid[ULOG_UUID_SIZE];
	uint32_t version; /* 1, 2 or 3 */
	uint32_t seq;
	enum ulog_type type;
	/*
	 * MARK, CLEAR, FLUSH, IS_CLEAN, IN_SYNC, IS_REMOTE_RECOVERING and
	 * SET_REGION_SYNC have regions; they are not range checked.
	 */
	uint32_t region_count;
	uint64_t regions[ULOG_REGIONS_MAX];
	bool in_sync; /* SET_REGION_SYNC */
	/* CTR: the NUL was counted, so the kernel has no room for a payload */
	bool reconnect;
	char constructor[ULOG_PAYLOAD_MAX + 1]; /* CTR: the string, NUL-terminated */
};

/* A reply. `data` in host byte order, as the kernel's shapes have it. */
struct ulog_reply {
	uint64_t luid;
	char uuid[ULOG_UUID_SIZE];
	uint32_t version;
	uint32_t seq;
	enum ulog_type type;
	int32_t error; /* 0 or negative errno */
	uint32_t data_size;
	uint8_t data[ULOG_REPLY_DATA_MAX];
};

/* Copies a uuid into an array of ULOG_UUID_SIZE; a longer one is our bug. */
void ulog_uuid_copy(char *to, const char *from);

/* "CTR", "RESUME", …; "?" for an unknown number. */
const char *ulog_type_name(enum ulog_type type);

/*
 * Decodes one request. 0, or:
 *  -EBADMSG   too short for a request, or a data_size beyond the bytes given: nothing can be answered;
 *  -EPROTO    unknown version (0 or above 3);
 *  -ENOSYS    unknown type;
 *  -EINVAL    payload of a wrong size, uuid empty or without NUL.
 * For all but -EBADMSG luid, version, seq, type and what there is of the uuid are set, for ulog_reply_init().
 */
int ulog_request_decode(const void *bytes, size_t size, struct ulog_request *request);

/* The empty success reply to a request; the setters below fill it. */
void ulog_reply_init(struct ulog_reply *reply, const struct ulog_request *request);
void ulog_reply_set_u64(struct ulog_reply *reply, uint64_t value);
void ulog_reply_set_pair(struct ulog_reply *reply, uint64_t first, uint64_t second);
/* The string, with its NUL when `count_nul` (CTR's device name; the status lines do not count it). -ENOSPC when too long. */
int ulog_reply_set_string(struct ulog_reply *reply, const char *string, bool count_nul);

/*
 * Encodes a reply as struct dm_ulog_request with data. Returns the number of
 * bytes written, or -ENOSPC. out needs at most ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX.
 */
int ulog_reply_encode(const struct ulog_reply *reply, void *out, size_t capacity);

/* The other direction, for tests, the simulator and the benchmark: encode a request, decode a reply. */
int ulog_request_encode(const struct ulog_request *request, void *out, size_t capacity);
int ulog_reply_decode(const void *bytes, size_t size, struct ulog_reply *reply);

#endif
