/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intrusive doubly linked list: the node lives in the object, the head is a
 * node of its own. Header only, no allocation.
 */
#ifndef CV_BASE_LIST_H
#define CV_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct cv_list {
	struct cv_list *next, *prev; /* NULL: a node that is in no list */
};

/** The object that holds @p node as its @p member. */
#define CV_CONTAINER(node, type, member)                                                 \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

/** Walks all objects; the current one may be taken out (not its successor). */
#define CV_LIST_FOREACH(node, tmp, head)                                                 \
	for ((node) = (head)->next, (tmp) = (node)->next; (node) != (head);              \
	     (node) = (tmp), (tmp) = (node)->next)

static inline void cv_list_init(struct cv_list *head)
{
	head->next = head->prev = head;
}

static inline bool cv_list_is_empty(const struct cv_list *head)
{
	return !head->next || head->next == head;
}

static inline bool cv_list_is_linked(const struct cv_list *node)
{
	return node->next;
}

static inline void cv_list_add(struct cv_list *head, struct cv_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/** Takes @p node out; does nothing when it is in no list. */
static inline void cv_list_del(struct cv_list *node)
{
	if (!node->next)
		return;

	node->next->prev = node->prev;
	node->prev->next = node->next;
	node->next = node->prev = NULL;
}

#endif
