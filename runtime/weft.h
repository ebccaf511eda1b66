/* SPDX-License-Identifier: MIT */
/*
 * Weft: an embeddable multithreaded object runtime. Include this as <weft/weft.h>.
 *
 * A value is a weft_object*, counted by reference. The mode (gil, biased, atomic), chosen when the program is built,
 * decides what makes counts safe between threads; it changes no function's meaning. Read in this order: runtime.h
 * (start and end), object.h (references), error.h, the built-in types, sync/attach.h and sync/thread.h (threads).
 */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include "array.h"
#include "bytearray.h"
#include "bytes.h"
#include "config.h"
#include "copy.h"
#include "dict.h"
#include "dict_order.h"
#include "dict_view.h"
#include "error.h"
#include "finalizer.h"
#include "float.h"
#include "function.h"
#include "generator.h"
#include "heap.h"
#include "int.h"
#include "iterator.h"
#include "list.h"
#include "lru_cache.h"
#include "none.h"
#include "object.h"
#include "range.h"
#include "runtime.h"
#include "set.h"
#include "share.h"
#include "slice.h"
#include "snapshot.h"
#include "str.h"
#include "tracemalloc.h"
#include "tuple.h"
#include "type.h"
#include "view.h"
#include "weak_dict.h"
#include "weak_set.h"
#include "weakref.h"

#include "../gc/gc.h"
#include "../sync/attach.h"
#include "../sync/critical_section.h"
#include "../sync/grace.h"
#include "../sync/mutex.h"
#include "../sync/thread.h"
#include "../sync/timeline.h"

#endif
