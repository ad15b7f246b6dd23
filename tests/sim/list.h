/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked rings of embedded nodes. A node that is in no list points at itself. */
#ifndef CLOGD_SIM_LIST_H
#define CLOGD_SIM_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *previous;
};

#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_insert(struct list *previous, struct list *node)
{
	node->previous = previous;
	node->next = previous->next;
	previous->next->previous = node;
	previous->next = node;
}

/* At the front, as the kernel's list_add() does; most of dm's lists are stacks. */
static inline void list_push(struct list *list, struct list *node)
{
	list_insert(list, node);
}

static inline void list_append(struct list *list, struct list *node)
{
	list_insert(list->previous, node);
}

static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

/* The first node, taken out, or NULL. */
static inline struct list *list_pop(struct list *list)
{
	struct list *node = list->next;

	if (node == list)
		return NULL;
	list_remove(node);
	return node;
}

/* All of `from` to the end of `list`. */
static inline void list_move_all(struct list *list, struct list *from)
{
	for (struct list *node = list_pop(from); node; node = list_pop(from))
		list_append(list, node);
}

#endif
