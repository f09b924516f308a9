/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* How far a stream is, turn by turn: a turn goes from one change of direction to the next. */
#pragma once

struct turns {
	u64 left_from[2]; /* by enum wire_direction: where what is left out begins */
	u8 client;        /* 1 + the direction of who speaks first in an exchange; 0: not known yet */
	u8 last;          /* 1 + the direction of the last bytes; 0: none */
	u8 left_out;      /* 1: nothing of it is recorded for now */
	u8 padding[5];
};
