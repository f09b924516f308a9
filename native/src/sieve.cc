#include "sieve.h"

#include <bit>
#include <cstring>

namespace wiretape {
namespace {

// Eight trigrams are made at a time, of words whose first byte is the lowest.
static_assert(std::endian::native == std::endian::little);
constexpr size_t kStep = 8;
constexpr uint64_t kEvenLetters = 0x001f001f001f001f;
constexpr uint64_t kBeyondAsciiBits = 0x8080808080808080;

class Sifting {
 public:
  Sifting(const SieveTables& tables, const uint8_t* bytes, size_t length, Place* places, uint32_t most)
      : tables_(tables), bytes_(bytes), length_(length), places_(places), most_(most) {}

  std::optional<uint32_t> run() {
    pass_over();
    find_keys();
    find_cards();
    if (is_full()) return std::nullopt;
    return count_;
  }

 private:
  void note(uint32_t kind, size_t start, size_t end) {
    if (count_ < most_) places_[count_] = {kind, static_cast<uint32_t>(start), static_cast<uint32_t>(end)};
    if (count_ <= most_) count_++;
  }

  bool is_full() const { return count_ > most_; }

  void pass_over() {
    const uint8_t* trigrams = tables_.trigrams.data();
    uint64_t all = 0;
    size_t at = 0;
    // A trigram that begins in the last two of its bytes ends in the two behind them.
    for (; at + kStep + 2 <= length_ && !is_full(); at += kStep) {
      uint64_t here = word_at(at);
      uint64_t behind = word_at(at + 2);
      all |= here;
      uint64_t even = here & kEvenLetters;
      uint64_t odd = (here >> 8) & kEvenLetters;
      uint64_t next_even = behind & kEvenLetters;
      uint64_t next_odd = (behind >> 8) & kEvenLetters;
      uint64_t from_even = even << 10 | odd << 5 | next_even;
      uint64_t from_odd = odd << 10 | next_even << 5 | next_odd;
      uint32_t marks = 0;
      for (size_t i = 0; i < kStep / 2; i++) {
        marks |= trigrams[from_even >> (16 * i) & 0x7fff];
        marks |= trigrams[from_odd >> (16 * i) & 0x7fff];
      }
      if (marks == 0) continue;
      for (size_t i = 0; i < kStep; i++) look_at(at + i);
    }
    for (; at < length_; at++) {
      all |= bytes_[at];
      if (at + 2 < length_) look_at(at);
    }
    if ((all & kBeyondAsciiBits) != 0) note(kBeyondAscii, 0, 0);
  }

  uint64_t word_at(size_t at) const {
    uint64_t word;
    std::memcpy(&word, bytes_ + at, sizeof(word));
    return word;
  }

  void look_at(size_t at) {
    const uint8_t* here = bytes_ + at;
    uint32_t marks = tables_.trigrams[(here[0] & 31) << 10 | (here[1] & 31) << 5 | (here[2] & 31)];
    if (marks == 0) return;
    // Digits and signs have five bits of letters, too.
    bool may_be_name = here[0] == '"' || (is_letter(here[0]) && is_letter(here[1]));
    if (!may_be_name) marks &= ~kNameMark;
    if ((marks & kOpeningMark) != 0 && !opens(at)) marks &= ~kOpeningMark;
    // One sign says as much as many.
    if (has_sign_ || tables_.begins_sign[here[0]] == 0) marks &= ~kSignMark;
    if ((marks & kSignMark) != 0) has_sign_ = true;
    if (marks != 0) note(marks, at, at);
  }

  bool opens(size_t at) const {
    for (const std::vector<uint8_t>& word : tables_.openings)
      if (stands_at(at, word)) return true;
    return false;
  }

  bool stands_at(size_t at, const std::vector<uint8_t>& word) const {
    if (length_ - at < word.size()) return false;
    for (size_t i = 0; i < word.size(); i++)
      if ((bytes_[at + i] | 0x20) != word[i]) return false;
    return true;
  }

  static bool is_letter(uint8_t byte) {
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'z';
  }

  struct Run {
    size_t start, end;
  };

  // Of bytes that the table marks, as the one there.
  Run run_around(size_t at, const uint8_t* marked) const {
    Run run{at, at + 1};
    while (run.start > 0 && marked[bytes_[run.start - 1]] != 0) run.start--;
    while (run.end < length_ && marked[bytes_[run.end]] != 0) run.end++;
    return run;
  }

  void find_keys() {
    const uint8_t* is_key = tables_.key_characters.data();
    size_t shortest = tables_.shortest_key;
    for (size_t i = shortest - 1; i < length_ && !is_full(); i += shortest) {
      if (is_key[bytes_[i]] == 0) continue;
      auto [start, end] = run_around(i, is_key);
      if (end - start >= shortest && has_key_pair(start, end)) note(kKeyRun, start, end);
      i = end - 1;
    }
  }

  bool has_key_pair(size_t start, size_t end) const {
    for (size_t i = start + 1; i < end; i++)
      if (tables_.key_pairs[bytes_[i - 1] << 8 | bytes_[i]] != 0) return true;
    return false;
  }

  void find_cards() {
    const uint8_t* digits = tables_.digits.data();
    size_t fewest = tables_.fewest_digits;
    for (size_t i = fewest - 1; i < length_ && !is_full(); i += fewest) {
      if (digits[bytes_[i]] == 0) continue;
      auto [start, end] = run_around(i, digits);
      size_t found = 0;
      for (size_t at = start; at < end; at++) found += digits[bytes_[at]] >> 1;
      if (found >= fewest) note(kDigitRun, start, end);
      i = end - 1;
    }
  }

  const SieveTables& tables_;
  const uint8_t* bytes_;
  size_t length_;
  Place* places_;
  uint32_t most_;
  uint32_t count_ = 0;
  bool has_sign_ = false;
};

}  // namespace

std::optional<uint32_t> sift(const SieveTables& tables, const uint8_t* bytes, size_t length, Place* places, uint32_t most) {
  return Sifting(tables, bytes, length, places, most).run();
}

}  // namespace wiretape
