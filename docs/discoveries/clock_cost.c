/* CPU time of calls that say the time, and of some beside them, in nanoseconds. */
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double cpu(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

#define MEASURE(name, times, call)                                           \
	do {                                                                 \
		double from = cpu();                                         \
		for (int i = 0; i < (times); i++)                            \
			call;                                                \
		printf("%-40s %.1f\n", name, (cpu() - from) / (times));      \
	} while (0)

int main(void)
{
	struct timespec now;
	unsigned word = 1;
	MEASURE("clock_gettime(REALTIME), vDSO", 5000000, clock_gettime(CLOCK_REALTIME, &now));
	MEASURE("getppid", 1000000, syscall(SYS_getppid));
	MEASURE("clock_gettime(MONOTONIC), call", 1000000, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
	MEASURE("futex, wake", 1000000, syscall(SYS_futex, &word, FUTEX_WAKE, 1));
	MEASURE("clock_gettime(REALTIME), call", 20000, syscall(SYS_clock_gettime, CLOCK_REALTIME, &now));
	return 0;
}
