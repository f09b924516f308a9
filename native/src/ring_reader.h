// Drains the kernel's ring on a thread of its own that never waits for JavaScript or SQLite. Events are packed into slabs of
// memory that is lent to it; where all of them are lent on, the ring fills and the kernel counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "giving_way.h"
#include "mapped_ring.h"

namespace wiretape {

// A part of the memory, until it is given back.
struct Batch {
  size_t offset;
  size_t size;
};

// Pages of its own, which take up room only while something is in them.
class Memory {
 public:
  // Throws Failure.
  explicit Memory(size_t size);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  // What is in that part is not needed any more.
  void forget(size_t offset, size_t length);

  uint8_t* const bytes;
  const size_t size;
};

struct Ring {
  int fd;
  size_t bytes;       // of the map's data area
  size_t wake_bytes;  // unread ones from which on the kernel side wakes whoever waits for more
  int reader_fd;      // of the map with the struct config_reader that says whether somebody does
  int gather_ms;      // what is not urgent waits for more, at the most
  uint64_t dear_map_ns;  // mapping a part of it for so long is dear
};

// How far behind the reader was at the most, since the start.
struct Lateness {
  uint64_t takes;        // how often it took what was there
  uint64_t longest_us;   // that the oldest event of a take had waited
  uint64_t most_unread;  // bytes in the ring
};

class RingReader {
 public:
  struct Sink {
    std::function<void(Batch)> batch;
    std::function<void()> ended;  // the last call of all
  };

  // Throws Failure when the ring cannot be mapped. The thread that calls this is the one that will work on the batches.
  RingReader(const Ring& ring, std::shared_ptr<Memory> memory, Sink sink);
  ~RingReader();
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;

  void start();
  // Hands over what is in the ring now, as far as batches are given back, and ends.
  void finish();
  // Ends the thread at once. Returns when it has ended.
  void stop();
  void give_back(const Batch& batch);
  // While paused the ring fills, and the kernel counts what does not fit.
  void pause(bool paused);
  uint64_t unread_bytes() const { return ring_.unread(); }
  uint64_t queued_bytes() const { return queued_.load(); }
  Lateness lateness() const { return {takes_, longest_us_, most_unread_}; }

 private:
  void run();
  void wait();
  int ms_until_calm() const;
  int ms_to_wait() const;
  void look_after();
  void gather();
  void ask_for_wake(bool asked);
  bool finds_urgent(uint64_t& position);
  void note_take();
  void drain();
  void wake();
  bool is_done() const;
  bool has_room();
  bool take_slab();
  void forget_burst();
  bool append(uint64_t event, size_t size);
  void deliver();
  void share_the_machine();

  int ring_fd_;
  int wake_fd_;
  int edge_fd_;
  size_t wake_bytes_;
  int gather_ms_;
  uint64_t dear_map_ns_;
  MappedRing ring_;
  Mapping asks_;
  std::shared_ptr<Memory> memory_;
  Sink sink_;
  std::mutex slabs_;
  std::vector<size_t> free_slabs_;  // by their offsets; the last one given back is used first, and its pages are warm
  bool has_slab_ = false;
  size_t slab_ = 0;
  size_t slab_used_ = 0;
  std::deque<int64_t> out_since_ms_;  // when each slab was lent on that is not back yet: they come back in turn
  size_t slabs_out_ = 0;
  size_t slabs_out_most_ = 0;  // since nothing was lent on: the rest of the memory is untouched
  int64_t drained_at_ms_ = 0;
  int64_t busy_until_ms_ = 0;
  int64_t urgent_until_ms_ = 0;
  GivingWay consumer_;
  std::atomic<uint64_t> queued_{0};
  std::atomic<uint64_t> takes_{0};
  std::atomic<uint64_t> longest_us_{0};
  std::atomic<uint64_t> most_unread_{0};
  std::atomic<bool> paused_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> finishing_{false};
  std::atomic<uint64_t> finish_at_{0};
  std::thread thread_;
};

}  // namespace wiretape
