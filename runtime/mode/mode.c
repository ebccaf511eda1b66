/* SPDX-License-Identifier: MIT */
#include "runtime/mode/mode.h"

const char weft__mode_stamp[] = WEFT_MODE_NAME;
