/* SPDX-License-Identifier: MIT */
/* The parts of the containers demo. */
#ifndef DEMOS_CONTAINERS_H
#define DEMOS_CONTAINERS_H

#include "demos/support/objects.h"

void show_tables(void); /* GROW-04 to 06 */

#endif
