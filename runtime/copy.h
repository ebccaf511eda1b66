/* SPDX-License-Identifier: MIT */
/*
 * Copying: shallow, deep, and with changes.
 *
 * What a copy is, is asked in this order: the type's own `copy` or `deepcopy` slot; a copier that was registered for
 * the type; its `reduce` slot; and then what is known without hooks. None, numbers, strs, bytes, ranges, slices,
 * functions and types are their own copies; list, dict, set, bytearray and array are copied with what is in them, each
 * as it is at one moment, whatever other threads do to it; an instance gets the attributes of the original, without
 * calling `init`, or what its type's get_state and set_state slots hand over. What is none of these (a thread, an
 * iterator, a view, an instance with a C structure of the user's) cannot be copied: TypeError.
 *
 * A deep copy has no mutable part in common with the original; parts that are there twice, and cycles, are reproduced
 * as such. It nests without bound, but for `deepcopy` slots, which nest on the C stack and end in a RecursionError.
 */
#ifndef WEFT_COPY_H
#define WEFT_COPY_H

#include "type.h"

WEFT_BEGIN_DECLS

/* An object that refuses to be copied (WEFT_TYPE_NO_COPY). Derives from Exception. */
extern WEFT_API const weft_type weft_CopyError;

/* A shallow copy; what never changes is returned itself, tuples included.
 * Returns new. Errors: TypeError, CopyError, what hooks raise, memory. May: run hooks. */
WEFT_API weft_object *weft_copy(weft_object *o);

/*
 * A deep copy. `memo`, NULL or a memo or a dict, knows what has been copied already: hooks pass theirs on; whoever
 * wants several copies to share parts gives them the same one. In a dict the keys are the ints of weft_id, and the key
 * of the dict itself has a list of originals, which stay alive so that no other object gets their place. A tuple or
 * frozenset without mutable parts is returned itself. After an error the memo knows what was done before. Returns new.
 * Errors: as weft_copy, TypeError (not a memo), RecursionError. May: run hooks.
 */
WEFT_API weft_object *weft_deepcopy(weft_object *o, weft_object *memo);

/* As weft_copy, with other values for the attributes that are the keys of `changes`, a dict: by the type's `replace`
 * slot. Returns new. Errors: TypeError when the type has none, what the slot raises. */
WEFT_API weft_object *weft_replace(weft_object *o, weft_object *changes);
/* A `replace` slot for types with fixed slots or attribute dicts: a shallow copy, which then gets the values.
 * Errors: also TypeError for an attribute that the original has not. */
WEFT_API weft_object *weft_replace_attributes(weft_object *self, weft_object *changes);

/*
 * From now on instances of `type` itself, not of derived types, are copied by way of `reducer`, a callable; NULL: no
 * longer. It is called with the original and returns, as a `reduce` slot does, either a str (the original is its own
 * copy), or a tuple of two to five items; None stands for one that is missing:
 *
 *     callable     is called with the arguments and returns the copy
 *     arguments    a tuple
 *     state        is given to the copy's set_state slot; without one, it is a dict of attributes, or a tuple of a dict
 *                  or None and a dict of further attributes
 *     items        an iterable; each is appended to the copy, a list or what has a method `append`
 *     pairs        an iterable of pairs: each first is set to its second in the copy, by weft_set_item
 *
 * A deep copy is made with deep copies of all but the callable. Errors (-1): TypeError, memory.
 */
WEFT_API int weft_copy_register(const weft_type *type, weft_object *reducer);

/* --- Memos --- */

extern WEFT_API const weft_type weft_memo_type;

/* An empty memo. Returns new. Errors: memory. */
WEFT_API weft_object *weft_memo_new(void);
/* 1: stores the copy of `original` (new) in *copy; 0: there is none, *copy is NULL; -1: error, TypeError. */
WEFT_API int weft_memo_find(weft_object *memo, weft_object *original, weft_object **copy);
/* `copy` is from now on the copy of `original`; the memo keeps both alive. A `deepcopy` slot whose object may be part
 * of a cycle calls this before it copies the parts. Errors (-1): TypeError, memory. May: run finalizers. */
WEFT_API int weft_memo_set(weft_object *memo, weft_object *original, weft_object *copy);

WEFT_END_DECLS
#endif
