/* SPDX-License-Identifier: MIT */
/* The parts of the identity demo. Each says whether all its checks held. */
#ifndef DEMOS_IDENTITY_H
#define DEMOS_IDENTITY_H

#include "demos/support/objects.h"

bool show_names(void);      /* ID-01 to 05, 07 to 09, 16, 17, 34, 35, 37, 39 */
bool show_mutability(void); /* ID-10 to 15, 18 to 26, 28 to 33 */
bool show_is(void);         /* ID-06, 36, 38, 41: which object it is */
bool show_equality(void);   /* ID-40, 42, 43, 45 */
bool show_singleton(void);  /* ID-44 */

#endif
