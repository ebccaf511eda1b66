/* SPDX-License-Identifier: MIT */
#include "runtime/none.h"

#include "runtime/copy_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

static weft_object *none_repr(weft_object *self) {
  (void)self;
  return weft_str_new("None");
}

static int none_is_true(weft_object *self) {
  (void)self;
  return 0;
}

const weft_type weft_none_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "NoneType",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(weft_object),
             .repr = none_repr,
             .hash = weft__hash_identity,
             .is_true = none_is_true},
    .plain = true,
};

weft_object weft__none = {WEFT__COUNT_IMMORTAL, &weft_none_type};
