// The cheap look of redaction at many bytes: tape/redact/look-tables.ts gives the tables it goes by, and pass-over.ts
// does the same in JavaScript. Pure but for the list it writes into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace wiretape {

// As `SieveTables` of tape/redact/sieve.ts.
struct SieveTables {
  std::vector<uint8_t> trigrams;
  std::vector<uint8_t> begins_sign;
  std::vector<std::vector<uint8_t>> openings;
  std::vector<uint8_t> key_characters;
  std::vector<uint8_t> key_pairs;
  // 1: stands between groups of digits; 2: a digit.
  std::vector<uint8_t> digits;
  uint32_t shortest_key = 1;
  uint32_t fewest_digits = 1;
};

struct Place {
  uint32_t kind, start, end;
};

// What a place is worth a closer look for: the marks of a trigram, or one of these.
enum : uint32_t { kNameMark = 1, kOpeningMark = 2, kSignMark = 4, kKeyRun = 8, kDigitRun = 16, kBeyondAscii = 32 };

// How many places were written; nothing where there are more than `most`.
std::optional<uint32_t> sift(const SieveTables& tables, const uint8_t* bytes, size_t length, Place* places, uint32_t most);

}  // namespace wiretape
