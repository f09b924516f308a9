#include "text_view.h"

#include <utility>

// Of Node-API 10, which every supported Node.js has. Headers show it to addons of 10 only; this one stays one of 8, since from
// 10 on what a callback throws ends the process.
extern "C" napi_status NAPI_CDECL node_api_create_external_string_latin1(napi_env env, char* text, size_t length,
                                                                         napi_finalize finalize, void* hint,
                                                                         napi_value* result, bool* copied);

namespace wiretape {
namespace {

struct View {
  napi_ref bytes;
  std::shared_ptr<std::vector<napi_ref>> gone;
};

// V8 calls it while it collects garbage, when references must not be touched. Arrays of an environment that is over go with it.
void note_gone(napi_env, void*, void* hint) {
  std::unique_ptr<View> view(static_cast<View*>(hint));
  view->gone->push_back(view->bytes);
}

}  // namespace

napi_value TextViews::of(napi_env env, napi_value bytes) {
  let_go(env);
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(env, bytes, nullptr, &length, &data, nullptr, nullptr) != napi_ok) return nullptr;
  auto view = std::make_unique<View>(View{nullptr, gone_});
  if (napi_create_reference(env, bytes, 1, &view->bytes) != napi_ok) return nullptr;
  napi_value text = nullptr;
  bool copied = false;
  if (node_api_create_external_string_latin1(env, static_cast<char*>(data), length, note_gone, view.get(), &text, &copied) != napi_ok) {
    napi_delete_reference(env, view->bytes);
    return nullptr;
  }
  view.release();
  return text;
}

size_t TextViews::let_go(napi_env env) {
  std::vector<napi_ref> gone = std::exchange(*gone_, {});
  for (napi_ref bytes : gone) napi_delete_reference(env, bytes);
  return gone.size();
}

}  // namespace wiretape
