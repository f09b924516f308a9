#include "sieve_function.h"

#include <algorithm>
#include <memory>

#include "sieve.h"

namespace wiretape {
namespace {

struct Sieve {
  SieveTables tables;
  // Holds the memory of the places, which does not move.
  Napi::Reference<Napi::Uint32Array> array;
  Place* places;
  uint32_t most;
};

std::vector<uint8_t> bytes_of(Napi::Value value) {
  auto bytes = value.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.Data() + bytes.ByteLength()};
}

std::vector<uint8_t> table_of(const Napi::Object& given, const char* name) { return bytes_of(given.Get(name)); }

SieveTables tables_from(const Napi::Object& given) {
  SieveTables tables;
  tables.trigrams = table_of(given, "trigrams");
  tables.begins_sign = table_of(given, "beginsSign");
  auto openings = given.Get("openings").As<Napi::Array>();
  for (uint32_t i = 0; i < openings.Length(); i++) tables.openings.push_back(bytes_of(openings.Get(i)));
  tables.key_characters = table_of(given, "keyCharacters");
  tables.key_pairs = table_of(given, "keyPairs");
  tables.digits = table_of(given, "digits");
  tables.shortest_key = given.Get("shortestKey").ToNumber().Uint32Value();
  tables.fewest_digits = given.Get("fewestDigits").ToNumber().Uint32Value();
  return tables;
}

// Without wrappers: it is called for every body. -1: more places than there is room for.
napi_value sift_bytes(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  auto* sieve = static_cast<Sieve*>(data);
  void* bytes = nullptr;
  size_t size = 0;
  uint32_t length = 0;
  napi_get_typedarray_info(env, arguments[0], nullptr, &size, &bytes, nullptr, nullptr);
  napi_get_value_uint32(env, arguments[1], &length);
  std::optional<uint32_t> found =
      sift(sieve->tables, static_cast<uint8_t*>(bytes), std::min<size_t>(length, size), sieve->places, sieve->most);
  napi_value result = nullptr;
  napi_create_int32(env, found ? static_cast<int32_t>(*found) : -1, &result);
  return result;
}

}  // namespace

Napi::Value make_sieve(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto array = info[1].As<Napi::Uint32Array>();
  auto sieve = std::make_unique<Sieve>(Sieve{
      .tables = tables_from(info[0].As<Napi::Object>()),
      .array = Napi::Persistent(array),
      .places = reinterpret_cast<Place*>(array.Data()),
      .most = static_cast<uint32_t>(array.ByteLength() / sizeof(Place)),
  });
  napi_value function = nullptr;
  if (napi_create_function(env, "sieve", NAPI_AUTO_LENGTH, sift_bytes, sieve.get(), &function) != napi_ok)
    throw Napi::Error::New(env, "no sieve can be made");
  Napi::Function made(env, function);
  made.AddFinalizer([](Napi::Env, Sieve* gone) { delete gone; }, sieve.release());
  return made;
}

}  // namespace wiretape
