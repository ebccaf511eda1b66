/* SPDX-License-Identifier: MIT */
/*
 * Critical sections: several operations on one or two objects that other threads' operations do not come between.
 *
 *     if (weft_critical_begin(dict) != 0) return NULL;
 *     ... weft_dict_get(dict, key) ... weft_dict_set(dict, key, more) ...
 *     weft_critical_end();
 *
 * A section on a list, dict, set, bytearray, array or an instance with an attribute dict keeps out the changes that
 * other threads make to it, and other sections on it; on any other object, only other sections. Threads that merely
 * read are not kept out, except of bytearrays and arrays. Sections nest, also on the same object, and cannot deadlock:
 * a thread that has to wait for something, be it another section, a lock, I/O, or to touch another thread's private
 * container, is *suspended*: it leaves all its sections while it waits, and goes back to the innermost afterwards, to
 * the next ones as it gets there. So what was read before such an operation may have changed after it; whoever needs
 * two objects at once names both.
 *
 * In mode gil a section is: the lock is not given away at safepoints. After CPython's Py_BEGIN_CRITICAL_SECTION.
 */
#ifndef WEFT_SYNC_CRITICAL_SECTION_H
#define WEFT_SYNC_CRITICAL_SECTION_H

#include "../runtime/object.h"

WEFT_BEGIN_DECLS

/* Enters a section on `o`, of which the caller has a reference until it leaves. A safepoint.
 * Errors (-1): TypeError when NULL, memory. Misuse: not attached. May: block, run finalizers. */
WEFT_API WEFT_MUST_USE int weft_critical_begin(weft_object *o);
/* Enters a section on two objects, which may be the same. Errors, misuse, may: as weft_critical_begin. */
WEFT_API WEFT_MUST_USE int weft_critical_begin_two(weft_object *a, weft_object *b);
/* Leaves the calling thread's innermost section. Misuse: none is open. May: block, to go back to one that was
 * suspended.
 */
WEFT_API void weft_critical_end(void);

WEFT_END_DECLS
#endif
