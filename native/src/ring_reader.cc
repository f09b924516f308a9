#include "ring_reader.h"

#include <linux/bpf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "../../bpf/wire.h"
#include "failure.h"

namespace wiretape {
namespace {

constexpr size_t kSlabBytes = 1 << 20;
constexpr size_t kHandOverBytes = 64 << 10;  // smaller batches are copied out, so that the slab can be used again
constexpr int kTimerMs = 10;                 // below the wake-up mark of the kernel side, this is when events are seen
constexpr size_t kRecordHeaderBytes = 8;

uint64_t load_acquire(const uint8_t* place) { return __atomic_load_n(reinterpret_cast<const uint64_t*>(place), __ATOMIC_ACQUIRE); }
void store_release(uint8_t* place, uint64_t value) { __atomic_store_n(reinterpret_cast<uint64_t*>(place), value, __ATOMIC_RELEASE); }
size_t round_up8(size_t size) { return (size + 7) & ~static_cast<size_t>(7); }

}  // namespace

RingReader::RingReader(int ring_fd, size_t ring_bytes, size_t queue_bytes, Sink sink)
    : ring_fd_(ring_fd), ring_bytes_(ring_bytes), queue_bytes_(queue_bytes), sink_(std::move(sink)) {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, 0);
  if (consumer == MAP_FAILED) throw Failure{"map the ring", errno, strerror(errno)};
  // The data area is mapped twice in a row by the kernel, so that no record is split.
  void* producer = mmap(nullptr, page + 2 * ring_bytes, PROT_READ, MAP_SHARED, ring_fd, static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    int error = errno;
    munmap(consumer, page);
    throw Failure{"map the ring", error, strerror(error)};
  }
  consumer_page_ = static_cast<uint8_t*>(consumer);
  producer_page_ = static_cast<uint8_t*>(producer);
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

RingReader::~RingReader() {
  stop();
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  munmap(consumer_page_, page);
  munmap(producer_page_, page + 2 * ring_bytes_);
  close(wake_fd_);
  free(slab_);
}

void RingReader::start() { thread_ = std::thread([this] { run(); }); }

void RingReader::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  uint64_t one = 1;
  if (write(wake_fd_, &one, sizeof(one)) < 0) stopping_ = true;  // the timer ends the wait all the same
  thread_.join();
}

void RingReader::taken(size_t bytes) { queued_ -= bytes; }

uint64_t RingReader::unread_bytes() const { return load_acquire(producer_page_) - load_acquire(consumer_page_); }

void RingReader::run() {
  pollfd waits[2] = {{ring_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  while (!stopping_) {
    // With the queue full the ring stays readable: wait for the timer alone, or this would spin.
    poll(has_room() ? waits : waits + 1, has_room() ? 2 : 1, kTimerMs);
    drain();
  }
  drain();
}

void RingReader::drain() {
  const uint8_t* data = producer_page_ + sysconf(_SC_PAGESIZE);
  uint64_t position = load_acquire(consumer_page_);
  uint64_t end = load_acquire(producer_page_);
  while (position < end && (has_room() || stopping_)) {
    const uint8_t* record = data + (position & (ring_bytes_ - 1));
    uint32_t length = __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
    if (length & BPF_RINGBUF_BUSY_BIT) break;  // reserved and not submitted yet
    uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (!(length & BPF_RINGBUF_DISCARD_BIT)) append(record + kRecordHeaderBytes, size);
    position += kRecordHeaderBytes + round_up8(size);
    store_release(consumer_page_, position);
    if (position == end) end = load_acquire(producer_page_);
  }
  deliver();
}

// A data event's slot is larger than its bytes: only the captured ones travel on.
void RingReader::append(const uint8_t* event, size_t size) {
  wire_header header;
  std::memcpy(&header, event, sizeof(header));
  size_t used = header.type == WIRE_DATA ? sizeof(header) + header.captured : size;
  if (used > size) used = size;
  size_t room = round_up8(used);
  if (slab_used_ + room > kSlabBytes) deliver();
  if (slab_ == nullptr) slab_ = static_cast<uint8_t*>(malloc(kSlabBytes));
  std::memcpy(slab_ + slab_used_, event, used);
  std::memset(slab_ + slab_used_ + used, 0, room - used);
  slab_used_ += room;
}

void RingReader::deliver() {
  if (slab_used_ == 0) return;
  Batch batch{slab_, slab_used_};
  if (slab_used_ < kHandOverBytes) {
    batch.bytes = static_cast<uint8_t*>(malloc(slab_used_));
    std::memcpy(batch.bytes, slab_, slab_used_);
  } else {
    slab_ = nullptr;
  }
  slab_used_ = 0;
  queued_ += batch.size;
  sink_(batch);
}

}  // namespace wiretape
