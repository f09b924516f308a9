#include "failure.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <mutex>

namespace wiretape {
namespace {

constexpr size_t kMessagesMost = 64 << 10;
std::mutex messages_lock;
std::string messages;

int collect(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(nullptr, 0, format, arguments);
  std::string line(static_cast<size_t>(length < 0 ? 0 : length), '\0');
  if (length > 0) vsnprintf(line.data(), line.size() + 1, format, again);
  va_end(again);
  std::lock_guard<std::mutex> guard(messages_lock);
  messages += line;
  // The end of a verifier log is the part that says why.
  if (messages.size() > kMessagesMost) messages.erase(0, messages.size() - kMessagesMost);
  return length;
}

}  // namespace

void collect_libbpf_messages() { libbpf_set_print(collect); }

std::string take_libbpf_messages() {
  std::lock_guard<std::mutex> guard(messages_lock);
  std::string taken;
  taken.swap(messages);
  return taken;
}

}  // namespace wiretape
