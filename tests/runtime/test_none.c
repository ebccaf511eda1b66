/* SPDX-License-Identifier: MIT */
/* None. */
#include "support.h"

RuntimeSuite(none);

RuntimeTest(none, is_false) { cr_assert_eq(weft_is_true(WEFT_NONE), 0); }

RuntimeTest(none, reads_none) {
  assert_text(weft_repr(WEFT_NONE), "None");
  assert_text(weft_str(WEFT_NONE), "None");
}

RuntimeTest(none, equals_itself_only) {
  cr_assert(equal(WEFT_NONE, WEFT_NONE) && !equal(WEFT_NONE, WEFT_FALSE) && !equal(INT(0), WEFT_NONE));
}

RuntimeTest(none, has_no_order) {
  cr_assert(weft_compare(WEFT_NONE, WEFT_NONE, WEFT_LT) == -1 && raised(&weft_TypeError));
  cr_assert(weft_compare(WEFT_NONE, INT(0), WEFT_GE) == -1 && raised(&weft_TypeError));
}

RuntimeTest(none, hashes_always_alike) { cr_assert_eq(hash_of(WEFT_NONE), hash_of(WEFT_NONE)); }

RuntimeTest(none, is_of_its_own_type) {
  cr_assert_eq(weft_type_of(WEFT_NONE), &weft_none_type);
  assert_text(weft_repr((weft_object *)weft_type_of(WEFT_NONE)), "<type 'NoneType'>");
}

RuntimeTest(none, supports_no_operation) {
  cr_assert(!weft_add(WEFT_NONE, WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(weft_length(WEFT_NONE) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_call(WEFT_NONE, NULL, 0) && raised(&weft_TypeError));
  cr_assert(!weft_getattr_text(WEFT_NONE, "x") && raised(&weft_AttributeError));
}
