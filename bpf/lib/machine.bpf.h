/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What differs from one processor to another: registers of system calls and of functions, and the numbers of system calls. What
 * of arm64 was run is in docs/arm64.md.
 */
#pragma once

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
} KERNEL_TYPE;

/* Of the system call that a thread is in. */
#define CALL_NUMBER(regs) READ(regs, orig_ax)
#define CALL_FIRST(regs) READ(regs, di)
#define CALL_SECOND(regs) READ(regs, si)
#define CALL_THIRD(regs) READ(regs, dx)
#define CALL_FOURTH(regs) READ(regs, r10)
#define CALL_FIFTH(regs) READ(regs, r8)
#define CALL_STACK(regs) READ(regs, sp)
#define CALL_GOROUTINE(regs) READ(regs, r14)

/* The code segment of 64-bit programs: the numbers of 32-bit calls are others. */
#define USER_CODE_64 0x33
#define IS_CALL_OF_64_BITS(regs) (READ(regs, cs) == USER_CODE_64)

/* A return probe sees the stack with the return address popped. */
#define RETURN_ADDRESS 8
#define sixth_argument(ctx) ((ctx)->r9)
/* At the entry of a function: it lies above the return address. */
#define read_seventh_argument(ctx, to) (!bpf_probe_read_user(to, sizeof(*(to)), (void *)(PT_REGS_SP(ctx) + 8)))

/* Go's calling convention (internal/abi). */
#define GO_FIRST(ctx) ((ctx)->ax)
#define GO_SECOND(ctx) ((ctx)->bx)
#define GO_THIRD(ctx) ((ctx)->cx)
#define GO_GOROUTINE(ctx) ((ctx)->r14)
#define GO_FRAME(ctx) ((ctx)->bp)
/* At Read's copy: the spilled first argument, above the frame pointer and the return address. */
#define GO_FIRST_ARGUMENT 16
/* Set by the comparison with the end of the stack: it has to grow, and the function begins again. */
#define FLAG_CARRY 0x1
#define FLAG_ZERO 0x40
#define GO_STACK_GROWS(ctx) ((ctx)->flags & (FLAG_CARRY | FLAG_ZERO))

enum system_call {
	CALL_READ = 0,
	CALL_WRITE = 1,
	CALL_READV = 19,
	CALL_WRITEV = 20,
	CALL_SENDFILE = 40,
	CALL_SENDTO = 44,
	CALL_RECVFROM = 45,
	CALL_SENDMSG = 46,
	CALL_RECVMSG = 47,
	CALL_SPLICE = 275,
	CALL_RECVMMSG = 299,
	CALL_SENDMMSG = 307,
	CALL_PREADV2 = 327,
	CALL_PWRITEV2 = 328,
};

#elif defined(__TARGET_ARCH_arm64)

/* What programs on uprobes are given. */
struct user_pt_regs {
	u64 regs[31];
	u64 sp, pc, pstate;
} KERNEL_TYPE;

struct pt_regs {
	u64 regs[31];
	u64 sp, pc, pstate, orig_x0;
	s32 syscallno;
} KERNEL_TYPE;

#define CALL_NUMBER(regs) ((u64)READ(regs, syscallno))
#define CALL_FIRST(regs) READ(regs, orig_x0)
#define CALL_SECOND(regs) READ(regs, regs[1])
#define CALL_THIRD(regs) READ(regs, regs[2])
#define CALL_FOURTH(regs) READ(regs, regs[3])
#define CALL_FIFTH(regs) READ(regs, regs[4])
#define CALL_STACK(regs) READ(regs, sp)
#define CALL_GOROUTINE(regs) READ(regs, regs[28])

#define PSTATE_MODE_32 0x10
#define IS_CALL_OF_64_BITS(regs) (!(READ(regs, pstate) & PSTATE_MODE_32))

/* Return addresses are in a register. */
#define RETURN_ADDRESS 0
#define sixth_argument(ctx) (((struct user_pt_regs *)(ctx))->regs[5])
#define read_seventh_argument(ctx, to) (*(to) = ((struct user_pt_regs *)(ctx))->regs[6], true)

#define GO_FIRST(ctx) (((struct user_pt_regs *)(ctx))->regs[0])
#define GO_SECOND(ctx) (((struct user_pt_regs *)(ctx))->regs[1])
#define GO_THIRD(ctx) (((struct user_pt_regs *)(ctx))->regs[2])
#define GO_GOROUTINE(ctx) (((struct user_pt_regs *)(ctx))->regs[28])
#define GO_FRAME(ctx) (((struct user_pt_regs *)(ctx))->regs[29])
#define GO_FIRST_ARGUMENT 16
#define PSTATE_CARRY (1ul << 29)
#define PSTATE_ZERO (1ul << 30)
#define GO_STACK_GROWS(ctx)                                                                                            \
	(((struct user_pt_regs *)(ctx))->pstate & PSTATE_ZERO || !(((struct user_pt_regs *)(ctx))->pstate & PSTATE_CARRY))

enum system_call {
	CALL_READ = 63,
	CALL_WRITE = 64,
	CALL_READV = 65,
	CALL_WRITEV = 66,
	CALL_SENDFILE = 71,
	CALL_SPLICE = 76,
	CALL_SENDTO = 206,
	CALL_RECVFROM = 207,
	CALL_SENDMSG = 211,
	CALL_RECVMSG = 212,
	CALL_RECVMMSG = 243,
	CALL_SENDMMSG = 269,
	CALL_PREADV2 = 286,
	CALL_PWRITEV2 = 287,
};

#endif
