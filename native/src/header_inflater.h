// The header decoder of nghttp2, for one direction of one HTTP/2 connection (RFC 7541). Nothing else of nghttp2 is used:
// what a field means, and what happens after an error, is decided in recorder/parse/http2.
#pragma once

#include <napi.h>

namespace wiretape {

Napi::Function define_header_inflater(Napi::Env env);

}  // namespace wiretape
