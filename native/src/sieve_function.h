// The sieve as JavaScript calls it: a function of bytes and their number, which writes places into an array it was given before.
#pragma once

#include <napi.h>

namespace wiretape {

// makeSieve(tables, places): see native/binding.ts.
Napi::Value make_sieve(const Napi::CallbackInfo& info);

}  // namespace wiretape
