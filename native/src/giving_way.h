// A thread that lets others go before it as long as it is not behind: what it works on waits for nobody, and what else runs
// on the machine may be the very service that is recorded.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace wiretape {

// What waits for the thread.
struct Backlog {
  uint64_t bytes;
  int64_t oldest_ms;  // that the oldest of it has waited
};

// As for nice(1), and one more: kIdle, which runs only where nothing else would.
constexpr int kIdle = 20;

// kIdle where hardly anything waits; from there down to the thread's own niceness the more waits, or the longer.
int niceness_for(const Backlog& backlog, int own);

class GivingWay {
 public:
  // Of the thread that calls this.
  GivingWay();
  // The rest may be called by any thread. Nothing is changed where the right to take it back is missing.
  void give_way(const Backlog& backlog) { become(niceness_for(backlog, own_)); }
  void take_turns() { become(own_); }
  bool gives_way() const { return now_ != own_; }

 private:
  void become(int niceness);

  const pid_t thread_;
  const int own_;
  const bool may_return_;
  std::atomic<int> now_;
};

}  // namespace wiretape
