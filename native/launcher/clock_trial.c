/* Run under a moved clock, the launcher itself says whether it sees it: by the vDSO, by a call. */
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPARE_SECONDS = 60 };

static bool is_near(const struct timespec *seen, const char *expected)
{
	return llabs((long long)seen->tv_sec - atoll(expected)) <= SPARE_SECONDS;
}

int run_trial(const char *expected)
{
	struct timespec seen = {0}, called = {0};
	clock_gettime(CLOCK_REALTIME, &seen);
	if (!is_near(&seen, expected))
		return 1;
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &called);
	return is_near(&called, expected) ? 0 : 2;
}
