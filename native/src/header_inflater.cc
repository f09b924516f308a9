#include "header_inflater.h"

#include <nghttp2/nghttp2.h>

#include <memory>

namespace wiretape {
namespace {

// Without an answer: memory is all that can fail here, and Node.js ends the process then anyway.
nghttp2_hd_inflater* new_inflater() {
  nghttp2_hd_inflater* inflater = nullptr;
  return nghttp2_hd_inflate_new(&inflater) == 0 ? inflater : nullptr;
}

napi_value text(napi_env env, const uint8_t* bytes, size_t length) {
  napi_value value = nullptr;
  napi_create_string_latin1(env, reinterpret_cast<const char*>(bytes), length, &value);
  return value;
}

class HeaderInflater : public Napi::ObjectWrap<HeaderInflater> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "HeaderInflater",
                       {
                           InstanceMethod<&HeaderInflater::inflate>("inflate"),
                           InstanceMethod<&HeaderInflater::allow_table>("allowTable"),
                           InstanceMethod<&HeaderInflater::close>("close"),
                       });
  }

  explicit HeaderInflater(const Napi::CallbackInfo& info) : Napi::ObjectWrap<HeaderInflater>(info) {}

 private:
  // inflate(fragment, isLast, mostBytes): one fragment of a block. Fields beyond mostBytes are inflated, since they
  // change the table, and not given out.
  Napi::Value inflate(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    auto fragment = info[0].As<Napi::Uint8Array>();
    const uint8_t* in = fragment.Data();
    size_t left = fragment.ByteLength();
    bool is_last = info[1].ToBoolean();
    double most = info[2].ToNumber().DoubleValue();

    auto fields = Napi::Array::New(env);
    auto never_indexed = Napi::Array::New(env);
    uint32_t count = 0;
    double size = 0;
    bool failed = !inflater_;
    while (!failed) {
      nghttp2_nv field;
      int flags = 0;
      ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, in, left, is_last);
      if (used < 0) {
        failed = true;
        break;
      }
      in += used;
      left -= static_cast<size_t>(used);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        size += static_cast<double>(field.namelen + field.valuelen + 32);  // as RFC 9113, 6.5.2 counts a header list
        if (size <= most) {
          if (field.flags & NGHTTP2_NV_FLAG_NO_INDEX) never_indexed.Set(never_indexed.Length(), count);
          fields.Set(count * 2, text(env, field.name, field.namelen));
          fields.Set(count * 2 + 1, text(env, field.value, field.valuelen));
          count++;
        }
      } else if (left == 0) {
        break;
      }
      if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
    }
    if (!failed && is_last) nghttp2_hd_inflate_end_headers(inflater_.get());
    return result(env, fields, never_indexed, size, failed);
  }

  Napi::Value result(Napi::Env env, Napi::Array fields, Napi::Array never_indexed, double size, bool failed) {
    auto result = Napi::Object::New(env);
    result.Set("fields", fields);
    result.Set("neverIndexed", never_indexed);
    result.Set("size", size);
    result.Set("failed", failed);
    size_t most = inflater_ ? nghttp2_hd_inflate_get_max_dynamic_table_size(inflater_.get()) : 0;
    result.Set("tableBytes", static_cast<double>(most));
    return result;
  }

  // Between blocks: how far the table may grow if its encoder says so.
  void allow_table(const Napi::CallbackInfo& info) {
    if (inflater_) nghttp2_hd_inflate_change_table_size(inflater_.get(), info[0].ToNumber().Uint32Value());
  }

  void close(const Napi::CallbackInfo&) { inflater_.reset(); }

  struct Delete {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };
  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_{new_inflater()};
};

}  // namespace

Napi::Function define_header_inflater(Napi::Env env) { return HeaderInflater::define(env); }

}  // namespace wiretape
