#include "ring_reader.h"

#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <cstring>

#include "../../bpf/wire.h"
#include "failure.h"

namespace wiretape {
namespace {

constexpr size_t kSlabBytes = 256 << 10;
constexpr size_t kSlabsKept = 16;            // what is used beyond them is given back once it has been caught up with
constexpr int kPriority = -10;
constexpr int kGatherMs = 200;               // what is not urgent waits so long for company: a wake-up costs more than an exchange
constexpr int kSettleMs = 5;                 // and what is urgent at most so long, so that much of it cannot be dear either
constexpr size_t kRecordHeaderBytes = 8;
constexpr size_t kWindowBytes = 4 << 20;     // of the ring that are mapped at once: what is mapped counts as memory of the process

uint64_t load_acquire(const uint8_t* place) { return __atomic_load_n(reinterpret_cast<const uint64_t*>(place), __ATOMIC_ACQUIRE); }
void store_release(uint8_t* place, uint64_t value) { __atomic_store_n(reinterpret_cast<uint64_t*>(place), value, __ATOMIC_RELEASE); }
size_t round_up8(size_t size) { return (size + 7) & ~static_cast<size_t>(7); }

int64_t now_ms() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// What asks for something to be done, such as placing probes, before more happens in the process.
bool is_urgent(uint8_t type) {
  return type == WIRE_FORK || type == WIRE_EXEC || type == WIRE_EXIT || type == WIRE_LISTEN || type == WIRE_TLS_SEEN;
}

uint8_t* mapped(size_t size) {
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) throw Failure{"allocate batches", errno, strerror(errno)};
  return static_cast<uint8_t*>(bytes);
}

}  // namespace

Memory::Memory(size_t wanted) : bytes(mapped(wanted)), size(wanted) {}

Memory::~Memory() { munmap(bytes, size); }

void Memory::forget(size_t offset, size_t length) { madvise(bytes + offset, length, MADV_DONTNEED); }

RingReader::RingReader(const Ring& ring, std::shared_ptr<Memory> memory, Sink sink)
    : ring_fd_(ring.fd), ring_bytes_(ring.bytes), wake_bytes_(ring.wake_bytes), memory_(std::move(memory)), sink_(std::move(sink)) {
  for (size_t end = memory_->size / kSlabBytes * kSlabBytes; end > 0; end -= kSlabBytes) free_slabs_.push_back(end - kSlabBytes);
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd_, 0);
  if (consumer == MAP_FAILED) throw Failure{"map the ring", errno, strerror(errno)};
  void* producer = mmap(nullptr, page, PROT_READ, MAP_SHARED, ring_fd_, static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    int error = errno;
    munmap(consumer, page);
    throw Failure{"map the ring", error, strerror(error)};
  }
  consumer_page_ = static_cast<uint8_t*>(consumer);
  producer_page_ = static_cast<uint8_t*>(producer);
  size_t left;
  if (place_of(0, left) == nullptr) {
    int error = errno;
    munmap(consumer, page);
    munmap(producer, page);
    throw Failure{"map the ring", error, strerror(error)};
  }
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  edge_fd_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event ring_edge{EPOLLIN | EPOLLET, {.fd = ring_fd_}};
  epoll_event wake{EPOLLIN, {.fd = wake_fd_}};
  epoll_ctl(edge_fd_, EPOLL_CTL_ADD, ring_fd_, &ring_edge);
  epoll_ctl(edge_fd_, EPOLL_CTL_ADD, wake_fd_, &wake);
}

RingReader::~RingReader() {
  stop();
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  munmap(consumer_page_, page);
  munmap(producer_page_, page);
  if (window_ != nullptr) munmap(window_, window_bytes());
  close(edge_fd_);
  close(wake_fd_);
}

void RingReader::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "wiretape ring");
}

void RingReader::finish() {
  finish_at_ = load_acquire(producer_page_);
  finishing_ = true;
  wake();
}

void RingReader::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  wake();
  thread_.join();
}

void RingReader::give_back(const Batch& batch) {
  std::lock_guard lock(slabs_);
  queued_ -= batch.size;
  free_slabs_.push_back(batch.offset);
  if (free_slabs_.size() == 1) wake();
  if (--slabs_out_ == 0) forget_burst();
}

// It has been caught up with: what a burst took up beyond what is usual is given back.
void RingReader::forget_burst() {
  if (slabs_out_most_ > kSlabsKept) {
    std::sort(free_slabs_.begin(), free_slabs_.end(), std::greater<>());
    size_t kept = kSlabsKept * kSlabBytes;
    memory_->forget(kept, memory_->size - kept);
  }
  slabs_out_most_ = 0;
}

bool RingReader::has_room() {
  if (paused_ && !finishing_) return false;
  std::lock_guard lock(slabs_);
  return has_slab_ || !free_slabs_.empty();
}

bool RingReader::take_slab() {
  std::lock_guard lock(slabs_);
  if (has_slab_) return true;
  if (free_slabs_.empty()) return false;
  slab_ = free_slabs_.back();
  free_slabs_.pop_back();
  slabs_out_most_ = std::max(slabs_out_most_, ++slabs_out_);
  slab_used_ = 0;
  return has_slab_ = true;
}

void RingReader::pause(bool paused) {
  paused_ = paused;
  wake();
}

void RingReader::wake() {
  uint64_t one = 1;
  while (write(wake_fd_, &one, sizeof(one)) < 0 && errno == EINTR) continue;
}

uint64_t RingReader::unread_bytes() const { return load_acquire(producer_page_) - load_acquire(consumer_page_); }

// Nobody is woken while nothing happens: the kernel side wakes for the first event in an empty ring.
void RingReader::run() {
  // It does next to nothing, and whatever it comes too late for is lost. Where it may not go first, it goes with the others.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kPriority);
  while (!stopping_ && !is_done()) {
    wait();
    gather();
    drain();
    drained_at_ms_ = now_ms();
  }
  sink_.ended();
}

// What comes after the end was asked for is nobody's any more.
bool RingReader::is_done() const { return finishing_ && load_acquire(consumer_page_) >= finish_at_; }

// With all slabs lent on the ring stays readable: wait for room alone, or this would spin.
void RingReader::wait() {
  pollfd waits[2] = {{wake_fd_, POLLIN, 0}, {ring_fd_, POLLIN, 0}};
  poll(waits, has_room() ? 2 : 1, -1);
  uint64_t times;
  if (read(wake_fd_, &times, sizeof(times)) < 0) return;  // the ring woke us
}

// Events come one by one, and each hand-over wakes Node.js: a batch is what comes within a while, unless it is urgent,
// or so much that waiting would only fill the ring.
void RingReader::gather() {
  int64_t until = now_ms() + kGatherMs;
  uint64_t looked = load_acquire(consumer_page_);
  while (!stopping_ && !finishing_ && has_room() && unread_bytes() < wake_bytes_) {
    if (finds_urgent(looked)) until = std::min(until, drained_at_ms_ + kSettleMs);
    int64_t left = until - now_ms();
    if (left <= 0) return;
    // Edges only: what lies in the ring by now has told of itself.
    epoll_event woken{};
    if (epoll_wait(edge_fd_, &woken, 1, static_cast<int>(left)) == 0 || woken.data.fd == wake_fd_) return;
  }
}

// Looks from there on, as far as events are whole; and goes on from where it came to the next time.
bool RingReader::finds_urgent(uint64_t& position) {
  uint64_t end = load_acquire(producer_page_);
  bool urgent = false;
  while (position < end) {
    uint32_t length = length_at(position);
    if (length & BPF_RINGBUF_BUSY_BIT) break;
    wire_header header;
    if (!copy_out(position + kRecordHeaderBytes, &header, sizeof(header))) break;
    urgent = urgent || (!(length & BPF_RINGBUF_DISCARD_BIT) && is_urgent(header.type));
    position += kRecordHeaderBytes + round_up8(length & ~BPF_RINGBUF_DISCARD_BIT);
  }
  return urgent;
}

size_t RingReader::window_bytes() const { return std::min(ring_bytes_, kWindowBytes); }

// A place in the ring, mapped; and `left`, how many bytes from there on are. The consumer's page, the producer's, then the data.
const uint8_t* RingReader::place_of(uint64_t position, size_t& left) {
  size_t bytes = window_bytes();
  size_t at = position & (ring_bytes_ - 1);
  size_t begin = at / bytes * bytes;
  left = begin + bytes - at;
  if (window_ != nullptr && window_begin_ == begin) return window_ + (at - begin);
  if (window_ != nullptr) munmap(window_, bytes);
  window_ = nullptr;
  off_t offset = static_cast<off_t>(2 * static_cast<size_t>(sysconf(_SC_PAGESIZE)) + begin);
  void* mapped = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, ring_fd_, offset);
  if (mapped == MAP_FAILED) return nullptr;
  window_ = static_cast<uint8_t*>(mapped);
  window_begin_ = begin;
  return window_ + (at - begin);
}

// Of the record that begins there; as one that is not there yet where it cannot be mapped now. Records are aligned, so that
// this never lies in two parts.
uint32_t RingReader::length_at(uint64_t position) {
  size_t left;
  const uint8_t* place = place_of(position, left);
  if (place == nullptr) return BPF_RINGBUF_BUSY_BIT;
  return __atomic_load_n(reinterpret_cast<const uint32_t*>(place), __ATOMIC_ACQUIRE);
}

// What reaches the end of a window goes on in the next one. False where that cannot be mapped now.
bool RingReader::copy_out(uint64_t position, void* to, size_t size) {
  auto target = static_cast<uint8_t*>(to);
  while (size > 0) {
    size_t left;
    const uint8_t* place = place_of(position, left);
    if (place == nullptr) return false;
    size_t part = std::min(size, left);
    std::memcpy(target, place, part);
    target += part;
    position += part;
    size -= part;
  }
  return true;
}

void RingReader::drain() {
  uint64_t position = load_acquire(consumer_page_);
  uint64_t end = load_acquire(producer_page_);
  while (position < end && !stopping_ && (!paused_ || finishing_)) {
    uint32_t length = length_at(position);
    if (length & BPF_RINGBUF_BUSY_BIT) break;  // reserved and not submitted yet
    uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (!(length & BPF_RINGBUF_DISCARD_BIT) && !append(position + kRecordHeaderBytes, size)) break;
    position += kRecordHeaderBytes + round_up8(size);
    store_release(consumer_page_, position);
    if (position == end) end = load_acquire(producer_page_);
  }
  deliver();
}

// A data event's slot is larger than its bytes: only the captured ones travel on. False where there is no room.
bool RingReader::append(uint64_t event, size_t size) {
  wire_header header;
  if (!copy_out(event, &header, sizeof(header))) return false;
  size_t used = header.type == WIRE_DATA || header.type == WIRE_ANSWER ? sizeof(header) + header.captured : size;
  if (used > size) used = size;
  size_t room = round_up8(used);
  if (has_slab_ && slab_used_ + room > kSlabBytes) deliver();
  if (!take_slab()) return false;
  uint8_t* place = memory_->bytes + slab_ + slab_used_;
  if (!copy_out(event, place, used)) return false;
  std::memset(place + used, 0, room - used);
  slab_used_ += room;
  return true;
}

void RingReader::deliver() {
  Batch batch{slab_, slab_used_};
  {
    std::lock_guard lock(slabs_);
    if (!has_slab_ || slab_used_ == 0) return;
    has_slab_ = false;
    slab_used_ = 0;
    queued_ += batch.size;
  }
  sink_.batch(batch);
}

}  // namespace wiretape
