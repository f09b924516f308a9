#include "mapped_ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "failure.h"

namespace wiretape {
namespace {

constexpr size_t kWindowBytes = 4 << 20;

uint64_t load_acquire(const uint8_t* place) { return __atomic_load_n(reinterpret_cast<const uint64_t*>(place), __ATOMIC_ACQUIRE); }

uint64_t own_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

Mapping::Mapping(int fd, size_t size, int protection, size_t offset) : size_(size) {
  void* mapped = mmap(nullptr, size, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) throw Failure{"map the ring", errno, strerror(errno)};
  bytes_ = static_cast<uint8_t*>(mapped);
}

Mapping::~Mapping() {
  if (bytes_ != nullptr) munmap(bytes_, size_);
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (bytes_ != nullptr && this != &other) munmap(bytes_, size_);
  bytes_ = std::exchange(other.bytes_, nullptr);
  size_ = other.size_;
  return *this;
}

// The consumer's page, the producer's, then the data.
MappedRing::MappedRing(int fd, size_t bytes)
    : fd_(fd),
      bytes_(bytes),
      window_bytes_(std::min(bytes, kWindowBytes)),
      consumer_(fd, page_bytes(), PROT_READ | PROT_WRITE, 0),
      producer_(fd, page_bytes(), PROT_READ, page_bytes()),
      windows_(bytes / window_bytes_) {
  if (!map_window(0)) throw Failure{"map the ring", errno, strerror(errno)};
}

uint64_t MappedRing::begin() const { return load_acquire(consumer_.bytes()); }

uint64_t MappedRing::end() const { return load_acquire(producer_.bytes()); }

void MappedRing::release_to(uint64_t position) {
  __atomic_store_n(reinterpret_cast<uint64_t*>(consumer_.bytes()), position, __ATOMIC_RELEASE);
}

// Records are aligned, so that a length never lies in two windows.
uint32_t MappedRing::length_at(uint64_t position) {
  size_t left;
  const uint8_t* place = place_of(position, left);
  if (place == nullptr) return BPF_RINGBUF_BUSY_BIT;
  return __atomic_load_n(reinterpret_cast<const uint32_t*>(place), __ATOMIC_ACQUIRE);
}

// What reaches the end of a window goes on in the next one.
bool MappedRing::copy_out(uint64_t position, void* to, size_t size) {
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

void MappedRing::map_ahead() {
  keeps_all_ = true;
  for (size_t next = 1; next < windows_.size(); next++) {
    size_t number = (last_ + next) % windows_.size();
    if (windows_[number]) continue;
    map_window(number);
    return;
  }
}

void MappedRing::keep_one() {
  keeps_all_ = false;
  let_go_of_all_but(last_);
}

void MappedRing::keep_none() { let_go_of_all_but(windows_.size()); }

// A place in the ring, mapped; and `left`, how many bytes from there on are. Null where it cannot be mapped now.
const uint8_t* MappedRing::place_of(uint64_t position, size_t& left) {
  size_t at = position & (bytes_ - 1);
  size_t number = at / window_bytes_;
  size_t offset = at % window_bytes_;
  left = window_bytes_ - offset;
  if (!windows_[number]) {
    if (!keeps_all_) let_go_of_all_but(number);
    if (!map_window(number)) return nullptr;
  }
  last_ = number;
  return windows_[number].bytes() + offset;
}

bool MappedRing::map_window(size_t number) {
  uint64_t before = own_cpu_ns();
  try {
    windows_[number] = Mapping(fd_, window_bytes_, PROT_READ, 2 * page_bytes() + number * window_bytes_);
  } catch (const Failure& failure) {
    errno = failure.error;
    return false;
  }
  map_ns_ = std::max(map_ns_, own_cpu_ns() - before);
  windows_mapped_++;
  return true;
}

void MappedRing::let_go_of_all_but(size_t number) {
  for (size_t other = 0; other < windows_.size(); other++) {
    if (other == number || !windows_[other]) continue;
    windows_[other] = Mapping();
    windows_mapped_--;
  }
}

}  // namespace wiretape
