// The addon's surface: open, attach, detach, targets, start, stats, stop, close; a header decoder; long texts, the cheap look and memory. Arguments are validated in binding.ts.
#include <napi.h>

#include <memory>

#include "capture.h"
#include "failure.h"
#include "header_inflater.h"
#include "own_memory.h"
#include "return_probe_trial.h"
#include "ring_reader.h"
#include "sieve_function.h"
#include "text_view.h"
#include "wire_layout.h"

namespace wiretape {
namespace {

[[noreturn]] void rethrow(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.step + ": errno " + std::to_string(failure.error));
  error.Set("step", failure.step);
  error.Set("errno", static_cast<double>(failure.error));
  error.Set("detail", failure.detail);
  throw error;
}

template <typename Work>
auto guarded(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const Failure& failure) {
    rethrow(env, failure);
  }
}

uint32_t number_of(const Napi::Object& object, const char* name) { return object.Get(name).ToNumber().Uint32Value(); }

std::vector<std::string> names_of(const Napi::Object& object, const char* name) {
  auto list = object.Get(name).As<Napi::Array>();
  std::vector<std::string> names;
  for (uint32_t i = 0; i < list.Length(); i++) names.push_back(list.Get(i).ToString());
  return names;
}

CaptureOptions options_from(const Napi::Object& given) {
  CaptureOptions options;
  auto bytes = given.Get("object").As<Napi::Uint8Array>();
  options.object.assign(bytes.Data(), bytes.Data() + bytes.ByteLength());
  options.required = names_of(given, "required");
  options.left_out = names_of(given, "leftOut");
  options.optional = names_of(given, "optional");
  options.if_preempted = names_of(given, "ifPreempted");
  options.cgroup = given.Get("cgroup").ToString();
  options.ring_bytes = number_of(given, "ringBytes");
  options.tls_objects = number_of(given, "tlsObjects");
  options.limit_bytes = number_of(given, "limitBytes");
  options.wake_bytes = number_of(given, "wakeBytes");
  options.gather_ms = static_cast<int>(number_of(given, "gatherMs"));
  options.dear_map_ns = static_cast<uint64_t>(number_of(given, "dearMapUs")) * 1000;
  options.sampled = number_of(given, "sampled");
  options.everybody = given.Get("everybody").ToBoolean();
  options.watch_processes = given.Get("watchProcesses").ToBoolean();
  return options;
}

// Whatever the callback does, the batch can be used again when it is over.
struct GivingBack {
  RingReader& reader;
  Batch batch;
  ~GivingBack() { reader.give_back(batch); }
};

class CaptureObject : public Napi::ObjectWrap<CaptureObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Capture",
                       {
                           InstanceMethod<&CaptureObject::attach_uprobe>("attachUprobe"),
                           InstanceMethod<&CaptureObject::detach_uprobe>("detachUprobe"),
                           InstanceMethod<&CaptureObject::add_target>("addTarget"),
                           InstanceMethod<&CaptureObject::remove_target>("removeTarget"),
                           InstanceMethod<&CaptureObject::seed_sockets>("seedSockets"),
                           InstanceMethod<&CaptureObject::take_stock>("takeStock"),
                           InstanceMethod<&CaptureObject::unix_census>("unixCensus"),
                           InstanceMethod<&CaptureObject::start>("start"),
                           InstanceMethod<&CaptureObject::pause>("pause"),
                           InstanceMethod<&CaptureObject::stop>("stop"),
                           InstanceMethod<&CaptureObject::stats>("stats"),
                           InstanceMethod<&CaptureObject::refusals>("refusals"),
                           InstanceMethod<&CaptureObject::close>("close"),
                       });
  }

  explicit CaptureObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CaptureObject>(info) {
    auto given = info[0].As<Napi::Object>();
    queue_bytes_ = number_of(given, "queueBytes");
    guarded(info.Env(), [&] {
      capture_ = std::make_unique<Capture>(options_from(given));
      capture_->load();
      capture_->attach();
    });
  }

 private:
  Capture& capture(Napi::Env env) {
    if (!capture_) throw Napi::Error::New(env, "the capture is closed");
    return *capture_;
  }

  Napi::Value attach_uprobe(const Napi::CallbackInfo& info) {
    auto given = info[0].As<Napi::Object>();
    UprobeRequest request;
    request.program = given.Get("program").ToString();
    request.path = given.Get("path").ToString();
    request.is_return = given.Get("isReturn").ToBoolean();
    request.pid = number_of(given, "pid");
    request.counter = static_cast<uint64_t>(given.Get("counter").ToNumber().Int64Value());
    auto offsets = given.Get("offsets").As<Napi::Array>();
    for (uint32_t i = 0; i < offsets.Length(); i++) {
      request.offsets.push_back(static_cast<uint64_t>(offsets.Get(i).ToNumber().Int64Value()));
    }
    uint32_t handle = guarded(info.Env(), [&] { return capture(info.Env()).attach_uprobe(request); });
    return Napi::Number::New(info.Env(), handle);
  }

  void detach_uprobe(const Napi::CallbackInfo& info) {
    capture(info.Env()).detach_uprobe(info[0].ToNumber().Uint32Value());
  }

  void add_target(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { capture(info.Env()).add_target(info[0].ToNumber().Uint32Value()); });
  }

  void remove_target(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { capture(info.Env()).remove_target(info[0].ToNumber().Uint32Value()); });
  }

  void seed_sockets(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { capture(info.Env()).seed_sockets(); });
  }

  void take_stock(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { capture(info.Env()).take_stock(); });
  }

  Napi::Value unix_census(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    std::vector<uint64_t> generations = guarded(env, [&] { return capture(env).unix_census(); });
    Napi::Array list = Napi::Array::New(env, generations.size());
    for (uint32_t i = 0; i < generations.size(); i++) list.Set(i, static_cast<double>(generations[i]));
    return list;
  }

  // Batches reach JavaScript on its own thread, as parts of one buffer that are used again once the callback has returned.
  void start(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    on_batch_ = Napi::ThreadSafeFunction::New(env, info[0].As<Napi::Function>(), "wiretape batches", 0, 1,
                                              [this](Napi::Env) { finish_stop(); });
    guarded(env, [&] {
      auto memory = std::make_shared<Memory>(queue_bytes_);
      auto let_go = [](Napi::Env, uint8_t*, std::shared_ptr<Memory>* owner) { delete owner; };
      auto owner = new std::shared_ptr<Memory>(memory);
      memory_ = Napi::Persistent(Napi::Buffer<uint8_t>::New(env, memory->bytes, memory->size, let_go, owner));
      RingReader::Sink sink{[this](Batch batch) { hand_over(batch); }, [this] { on_batch_.Release(); }};
      reader_ = std::make_unique<RingReader>(capture(env).ring(), memory, sink);
      reader_->start();
    });
  }

  // On the reader's thread.
  void hand_over(Batch batch) {
    auto call = [this, batch](Napi::Env env, Napi::Function callback) {
      GivingBack giving_back{*reader_, batch};
      auto offset = Napi::Number::New(env, static_cast<double>(batch.offset));
      auto end = Napi::Number::New(env, static_cast<double>(batch.offset + batch.size));
      callback.Call({memory_.Value(), offset, end});
    };
    if (on_batch_.NonBlockingCall(call) != napi_ok) reader_->give_back(batch);
  }

  void pause(const Napi::CallbackInfo& info) {
    if (reader_) reader_->pause(info[0].ToBoolean());
  }

  // Resolves once everything that is in the ring has been handed over.
  Napi::Value stop(const Napi::CallbackInfo& info) {
    stopped_ = std::make_unique<Napi::Promise::Deferred>(Napi::Promise::Deferred::New(info.Env()));
    Napi::Promise promise = stopped_->Promise();
    if (!reader_ || released_) finish_stop();
    else reader_->finish();
    return promise;
  }

  // The reader has ended, and all it handed over was taken.
  void finish_stop() {
    released_ = true;
    if (!stopped_) return;
    Napi::HandleScope scope(stopped_->Env());
    stopped_->Resolve(stopped_->Env().Undefined());
    stopped_.reset();
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    Counters counters = capture(info.Env()).counters();
    auto result = Napi::Object::New(info.Env());
    auto set = [&](const char* name, uint64_t value) { result.Set(name, static_cast<double>(value)); };
    set("events", counters.events);
    set("bytes", counters.bytes);
    set("ringFullEvents", counters.ring_full_events);
    set("ringFullBytes", counters.ring_full_bytes);
    set("leftOutTimes", counters.left_out_times);
    set("leftOutBytes", counters.left_out_bytes);
    set("faults", counters.faults);
    set("stateFull", counters.state_full);
    set("deepCalls", counters.deep_calls);
    auto skips = Napi::Object::New(info.Env());
    for (const Skips& one : counters.skips) skips.Set(one.program, static_cast<double>(one.times));
    result.Set("skips", skips);
    set("unreadBytes", reader_ ? reader_->unread_bytes() : 0);
    set("queuedBytes", reader_ ? reader_->queued_bytes() : 0);
    Lateness lateness = reader_ ? reader_->lateness() : Lateness{};
    set("takes", lateness.takes);
    set("longestWaitUs", lateness.longest_us);
    set("mostUnreadBytes", lateness.most_unread);
    result.Set("uprobeMulti", capture(info.Env()).has_uprobe_multi());
    return result;
  }

  Napi::Value refusals(const Napi::CallbackInfo& info) {
    auto list = Napi::Array::New(info.Env());
    for (const Refusal& refusal : capture(info.Env()).refusals()) {
      auto entry = Napi::Object::New(info.Env());
      entry.Set("program", refusal.program);
      entry.Set("reason", refusal.reason);
      list.Set(list.Length(), entry);
    }
    return list;
  }

  // The reader first: it has the ring mapped and may be in the middle of a batch.
  void close(const Napi::CallbackInfo&) {
    if (reader_) reader_->stop();
    capture_.reset();
  }

  std::unique_ptr<Capture> capture_;
  std::unique_ptr<RingReader> reader_;
  Napi::Reference<Napi::Buffer<uint8_t>> memory_;
  Napi::ThreadSafeFunction on_batch_;
  std::unique_ptr<Napi::Promise::Deferred> stopped_;
  bool released_ = false;
  size_t queue_bytes_ = 0;
};

Napi::Value layout(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  for (const FieldLayout& field : wire_layout()) {
    auto place = Napi::Array::New(info.Env());
    place.Set(0u, static_cast<double>(field.offset));
    place.Set(1u, static_cast<double>(field.size));
    result.Set(field.name, place);
  }
  return result;
}

Napi::Value return_probe_trial(const Napi::CallbackInfo& info) {
  ReturnProbeTrial trial = try_return_probe();
  auto result = Napi::Object::New(info.Env());
  bool safe = trial.outcome == ReturnProbeTrial::Outcome::safe;
  bool killed = trial.outcome == ReturnProbeTrial::Outcome::killed;
  result.Set("outcome", safe ? "safe" : killed ? "killed" : "unknown");
  result.Set("detail", trial.detail);
  return result;
}

Napi::Value text_of(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  napi_value text = env.GetInstanceData<TextViews>()->of(env, info[0]);
  if (text == nullptr && !env.IsExceptionPending()) throw Napi::Error::New(env, "no text can be made of these bytes");
  return Napi::Value(env, text);
}

Napi::Value let_go_of_texts(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), info.Env().GetInstanceData<TextViews>()->let_go(info.Env()) > 0);
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new TextViews);
  exports.Set("Capture", CaptureObject::define(env));
  exports.Set("HeaderInflater", define_header_inflater(env));
  exports.Set("tryReturnProbe", Napi::Function::New(env, return_probe_trial));
  exports.Set("wireLayout", Napi::Function::New(env, layout));
  exports.Set("textOf", Napi::Function::New(env, text_of));
  exports.Set("makeSieve", Napi::Function::New(env, make_sieve));
  exports.Set("letGoOfTexts", Napi::Function::New(env, let_go_of_texts));
  exports.Set("keepLittleFreed", Napi::Function::New(env, [](const Napi::CallbackInfo&) { keep_little_freed(); }));
  exports.Set("keepOutOfDumps", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), keep_out_of_dumps());
              }));
  exports.Set("giveBack", Napi::Function::New(env, [](const Napi::CallbackInfo&) { give_back(); }));
  return exports;
}

}  // namespace
}  // namespace wiretape

static Napi::Object initialise_module(Napi::Env env, Napi::Object exports) { return wiretape::initialise(env, exports); }

NODE_API_MODULE(wiretape, initialise_module)
