/*
 * Measures what a uprobe adds to a call, by the instruction it sits on. Needs root; counts hits with perf, loads no BPF.
 *   gcc -O1 -o /tmp/probe-cost docs/discoveries/probe_cost.c && sudo /tmp/probe-cost
 */
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FUNCTIONS(X) \
	X(push, "push %rbp\n pop %rbp\n ret") \
	X(nop, "nop\n ret") \
	X(nop5, ".byte 0x0f,0x1f,0x44,0,0\n ret") \
	X(jcc8, "je 1f\n 1: ret") \
	X(jcc32, ".byte 0x0f,0x85,0,0,0,0\n ret") \
	X(jmp, "jmp 1f\n 1: ret") \
	X(call, "call 1f\n ret\n 1: ret") \
	X(endbr64, "endbr64\n ret") \
	X(sub_rsp, "sub $8,%rsp\n add $8,%rsp\n ret") \
	X(test, "test %rdi,%rdi\n ret") \
	X(xor, "xor %eax,%eax\n ret") \
	X(mov, "mov %rsp,%rax\n ret") \
	X(ret, "ret")

#define DEFINE(name, body) \
	void on_##name(void); \
	__asm__(".globl on_" #name "\n .p2align 5\n on_" #name ":\n " body "\n");
FUNCTIONS(DEFINE)

#define ENTRY(name, body) { #name, on_##name },
static const struct {
	const char *name;
	void (*run)(void);
} functions[] = { FUNCTIONS(ENTRY) };

extern char __executable_start;

static double now_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e9 + at.tv_nsec;
}

static double best_ns_a_call(void (*run)(void))
{
	const int calls = 20000;
	double best = 1e18;
	for (int round = 0; round < 3; round++) {
		double began = now_ns();
		for (int i = 0; i < calls; i++)
			run();
		double took = (now_ns() - began) / calls;
		best = took < best ? took : best;
	}
	return best;
}

static int probe(void (*at)(void))
{
	int type = -1;
	FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	if (!file || fscanf(file, "%d", &type) != 1)
		return -1;
	fclose(file);
	struct perf_event_attr attr = { .size = sizeof(attr), .type = type };
	attr.config1 = (uintptr_t)"/proc/self/exe";
	attr.config2 = (uintptr_t)at - (uintptr_t)&__executable_start;
	return syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, 0);
}

int main(void)
{
	for (unsigned i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		double bare = best_ns_a_call(functions[i].run);
		int fd = probe(functions[i].run);
		if (fd < 0) {
			perror(functions[i].name);
			return 1;
		}
		double probed = best_ns_a_call(functions[i].run);
		long long hits = 0;
		if (read(fd, &hits, sizeof(hits)) != sizeof(hits))
			return 1;
		printf("%-8s %6.0f ns a hit  (%lld hits)\n", functions[i].name, probed - bare, hits);
		close(fd);
	}
	return 0;
}
