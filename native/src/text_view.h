// Strings that lie where the bytes of an array are, read as latin1: for texts of which a second copy would be too much.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

namespace wiretape {

// Holds each array for as long as its string is there, or a part of it. The bytes must not change, nor be detached.
class TextViews {
 public:
  // Null where V8 makes none: an exception may be pending.
  napi_value of(napi_env env, napi_value bytes);

  // Of arrays whose strings were collected as garbage, which can be from now on: how many there are.
  size_t let_go(napi_env env);

 private:
  // Strings may outlive their environment for a moment.
  std::shared_ptr<std::vector<napi_ref>> gone_ = std::make_shared<std::vector<napi_ref>>();
};

}  // namespace wiretape
