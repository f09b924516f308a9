// Drains the kernel's ring on a thread of its own that never waits for JavaScript or SQLite. Events are packed into
// batches; what has not been taken over yet is bounded, and beyond the bound the ring fills and the kernel counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

namespace wiretape {

struct Batch {
  uint8_t* bytes;  // malloc'ed; the receiver frees it
  size_t size;
};

struct Ring {
  int fd;
  size_t bytes;       // of the map's data area
  size_t wake_bytes;  // unread ones at which the kernel side wakes whoever waits
};

class RingReader {
 public:
  using Sink = std::function<void(Batch)>;

  // Throws Failure when the ring cannot be mapped.
  RingReader(const Ring& ring, size_t queue_bytes, Sink sink);
  ~RingReader();
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;

  void start();
  // Drains what is there and ends the thread. Returns when it has ended.
  void stop();
  // A batch of that size has been taken over.
  void taken(size_t bytes);
  // While paused the ring fills, and the kernel counts what does not fit.
  void pause(bool paused);
  uint64_t unread_bytes() const;
  uint64_t queued_bytes() const { return queued_.load(); }

 private:
  void run();
  void wait();
  void gather();
  bool finds_urgent(uint64_t& position) const;
  void drain();
  void wake();
  bool has_room() const { return !paused_ && queued_.load() < queue_bytes_; }
  void append(const uint8_t* event, size_t size);
  void deliver();

  int ring_fd_;
  int wake_fd_;
  int edge_fd_;
  size_t ring_bytes_;
  size_t wake_bytes_;
  size_t queue_bytes_;
  Sink sink_;
  uint8_t* consumer_page_;
  uint8_t* producer_page_;
  uint8_t* slab_ = nullptr;
  size_t slab_used_ = 0;
  int64_t drained_at_ms_ = 0;
  std::atomic<uint64_t> queued_{0};
  std::atomic<bool> paused_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace wiretape
