#include "giving_way.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace wiretape {
namespace {

constexpr int kLeast = -20;
constexpr uint64_t kBytesAStep = 1 << 20;
constexpr int64_t kMsAStep = 100;

bool set_niceness(pid_t thread, int niceness) { return setpriority(PRIO_PROCESS, static_cast<id_t>(thread), niceness) == 0; }

void set_policy(pid_t thread, int policy) {
  sched_param none{};
  sched_setscheduler(thread, policy, &none);
}

// Who became nicer may go back only with CAP_SYS_NICE, or as far as RLIMIT_NICE allows: 20 of it is niceness 0. Whoever
// was given another policy is left alone.
bool may_return_to(int niceness, pid_t thread) {
  if (sched_getscheduler(thread) != SCHED_OTHER) return false;
  rlimit limit{};
  if (getrlimit(RLIMIT_NICE, &limit) == 0 && limit.rlim_cur >= static_cast<rlim_t>(20 - niceness)) return true;
  bool may = set_niceness(thread, std::max(niceness - 1, kLeast));
  if (may) set_niceness(thread, niceness);
  return may;
}

}  // namespace

int niceness_for(const Backlog& backlog, int own) {
  int64_t by_bytes = static_cast<int64_t>(backlog.bytes / kBytesAStep);
  int64_t steps = std::max({by_bytes, backlog.oldest_ms / kMsAStep, int64_t{0}});
  return static_cast<int>(std::max<int64_t>(own, kIdle - steps));
}

GivingWay::GivingWay()
    : thread_(gettid()),
      own_(getpriority(PRIO_PROCESS, static_cast<id_t>(thread_))),
      may_return_(may_return_to(own_, thread_)),
      now_(own_) {}

// Niceness alone is not enough: a thread that runs keeps its turn of some milliseconds, however nice, unless it is idle.
void GivingWay::become(int niceness) {
  if (!may_return_) return;
  int before = now_.exchange(niceness);
  if (before == niceness) return;
  if (niceness == kIdle) return set_policy(thread_, SCHED_IDLE);
  if (before == kIdle) set_policy(thread_, SCHED_OTHER);
  set_niceness(thread_, niceness);
}

}  // namespace wiretape
