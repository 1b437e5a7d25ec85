// The N-API surface: memory, kernels and routines by name, threads, machine facts. All policy lives in TypeScript.
#include <fcntl.h>
#include <napi.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kernel.h"
#include "pool.h"
#include "roofline.h"
#include "routine.h"
#include "threads.h"

extern "C" longconv::KernelEntry __start_longconv_kernels[];
extern "C" longconv::KernelEntry __stop_longconv_kernels[];
extern "C" longconv::Routine __start_longconv_routines[];
extern "C" longconv::Routine __stop_longconv_routines[];

namespace {

using namespace longconv;

bool supported(const std::string& isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512cd");
  if (isa == "avx512") return v4;
  if (isa == "avx2") return v3;
#endif
  return isa == "base";
}

void* pointer(const Napi::Value& v) {
  return reinterpret_cast<void*>(static_cast<uintptr_t>(v.As<Napi::Number>().DoubleValue()));
}

Napi::Value number(Napi::Env env, double x) { return Napi::Number::New(env, x); }

Napi::Value Alloc(const Napi::CallbackInfo& i) {
  void* p = pool_alloc(static_cast<size_t>(i[0].As<Napi::Number>().DoubleValue()));
  return number(i.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(p)));
}

Napi::Value Free(const Napi::CallbackInfo& i) {
  pool_free(pointer(i[0]));
  return i.Env().Undefined();
}

Napi::Value Trim(const Napi::CallbackInfo& i) {
  pool_trim();
  return i.Env().Undefined();
}

Napi::Value ResetPeak(const Napi::CallbackInfo& i) {
  pool_reset_peak();
  return i.Env().Undefined();
}

Napi::Value Stats(const Napi::CallbackInfo& i) {
  PoolStats s = pool_stats();
  auto o = Napi::Object::New(i.Env());
  o.Set("live", static_cast<double>(s.live));
  o.Set("peak", static_cast<double>(s.peak));
  o.Set("reserved", static_cast<double>(s.reserved));
  return o;
}

// write(pointer, byteOffset, typedArray), read(pointer, byteOffset, typedArray): copies, bounds kept by the caller.
Napi::Value Write(const Napi::CallbackInfo& i) {
  auto a = i[2].As<Napi::TypedArray>();
  auto* src = static_cast<char*>(a.ArrayBuffer().Data()) + a.ByteOffset();
  std::memcpy(static_cast<char*>(pointer(i[0])) + static_cast<size_t>(i[1].As<Napi::Number>().DoubleValue()), src,
              a.ByteLength());
  return i.Env().Undefined();
}

Napi::Value Read(const Napi::CallbackInfo& i) {
  auto a = i[2].As<Napi::TypedArray>();
  auto* dst = static_cast<char*>(a.ArrayBuffer().Data()) + a.ByteOffset();
  std::memcpy(dst, static_cast<char*>(pointer(i[0])) + static_cast<size_t>(i[1].As<Napi::Number>().DoubleValue()),
              a.ByteLength());
  return i.Env().Undefined();
}

// copy(from, to, bytes)
Napi::Value Copy(const Napi::CallbackInfo& i) {
  std::memcpy(pointer(i[1]), pointer(i[0]), static_cast<size_t>(i[2].As<Napi::Number>().DoubleValue()));
  return i.Env().Undefined();
}

// fill(pointer, bytes, byte)
Napi::Value Fill(const Napi::CallbackInfo& i) {
  std::memset(pointer(i[0]), i[2].As<Napi::Number>().Int32Value(),
              static_cast<size_t>(i[1].As<Napi::Number>().DoubleValue()));
  return i.Env().Undefined();
}

// kernels() -> [{op, pass, isa, index, supported}]
Napi::Value Kernels(const Napi::CallbackInfo& i) {
  auto list = Napi::Array::New(i.Env());
  uint32_t n = 0;
  for (auto* e = __start_longconv_kernels; e != __stop_longconv_kernels; e++) {
    auto o = Napi::Object::New(i.Env());
    o.Set("op", e->op);
    o.Set("pass", e->pass);
    o.Set("isa", e->isa);
    o.Set("index", static_cast<double>(e - __start_longconv_kernels));
    o.Set("supported", supported(e->isa));
    list.Set(n++, o);
  }
  return list;
}

/**
 * run(index, call): `call` is a Float64Array
 *   [nin, nout, ngout, ngin, nattr, then for every operand: pointer (0 = absent), rank, dims..., then attrs].
 * Throws what the kernel complains about.
 */
Napi::Value Run(const Napi::CallbackInfo& i) {
  auto a = i[1].As<Napi::Float64Array>();
  const double* p = a.Data();
  const double* end = p + a.ElementLength();
  constexpr int kMax = 48;
  Tensor t[kMax];
  Call c{};
  int counts[4];
  int total = 0;
  for (int g = 0; g < 4; g++) total += counts[g] = static_cast<int>(*p++);
  c.nattr = static_cast<int>(*p++);
  if (total > kMax) throw Napi::RangeError::New(i.Env(), "a kernel call has more than 48 operands");
  for (int k = 0; k < total; k++) {
    t[k].data = reinterpret_cast<void*>(static_cast<uintptr_t>(*p++));
    t[k].rank = static_cast<int>(*p++);
    for (int d = 0; d < t[k].rank && d < 8; d++) t[k].dim[d] = static_cast<int64_t>(*p++);
  }
  if (p + c.nattr > end) throw Napi::RangeError::New(i.Env(), "a kernel call is shorter than it says");
  c.nin = counts[0], c.nout = counts[1], c.ngout = counts[2], c.ngin = counts[3];
  c.in = t, c.out = c.in + c.nin, c.gout = c.out + c.nout, c.gin = c.gout + c.ngout;
  c.attr = p;
  auto* entry = __start_longconv_kernels + static_cast<size_t>(i[0].As<Napi::Number>().DoubleValue());
  const char* err = entry->fn(c);
  if (err) throw Napi::Error::New(i.Env(), std::string(entry->op) + " (" + entry->pass + ", " + entry->isa + "): " + err);
  return i.Env().Undefined();
}

Napi::Value Threads(const Napi::CallbackInfo& i) {
  if (i.Length() && i[0].IsNumber()) set_thread_count(i[0].As<Napi::Number>().Int32Value());
  return number(i.Env(), thread_count());
}

// roofline(isa) -> {flops, bytes}: measured peak FMA rate (FLOP/s) and copy bandwidth (B/s) with the current threads.
Napi::Value MeasureRoofline(const Napi::CallbackInfo& i) {
  Roofline r = measure_roofline(i[0].As<Napi::String>().Utf8Value().c_str());
  auto o = Napi::Object::New(i.Env());
  o.Set("flops", r.flops);
  o.Set("bytes", r.bytes);
  return o;
}

Napi::Value Isas(const Napi::CallbackInfo& i) {
  auto list = Napi::Array::New(i.Env());
  uint32_t n = 0;
  for (const char* isa : {"avx512", "avx2", "base"})
    if (supported(isa)) list.Set(n++, Napi::String::New(i.Env(), isa));
  return list;
}

// The C environment, which libraries such as the Vulkan loader read; Bun's process.env is only a copy of it.
Napi::Value SetEnv(const Napi::CallbackInfo& i) {
  setenv(i[0].As<Napi::String>().Utf8Value().c_str(), i[1].As<Napi::String>().Utf8Value().c_str(), 1);
  return i.Env().Undefined();
}

// Graphics drivers print to standard error while they are probed; that is for nobody to read.
Napi::Value MuteStderr(const Napi::CallbackInfo& i) {
  static int saved = -1;
  bool mute = i[0].As<Napi::Boolean>().Value();
  if (mute && saved < 0) {
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0) return i.Env().Undefined();
    saved = fcntl(2, F_DUPFD_CLOEXEC, 3);
    if (saved >= 0) dup2(null, 2);
    close(null);
  } else if (!mute && saved >= 0) {
    dup2(saved, 2);
    close(saved);
    saved = -1;
  }
  return i.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object e) {
  auto add = [&](const char* name, Napi::Value (*fn)(const Napi::CallbackInfo&)) {
    e.Set(name, Napi::Function::New(env, fn, name));
  };
  add("alloc", Alloc);
  add("free", Free);
  add("trim", Trim);
  add("stats", Stats);
  add("resetPeak", ResetPeak);
  add("write", Write);
  add("read", Read);
  add("copy", Copy);
  add("fill", Fill);
  add("kernels", Kernels);
  add("run", Run);
  add("threads", Threads);
  add("roofline", MeasureRoofline);
  add("isas", Isas);
  add("setenv", SetEnv);
  add("muteStderr", MuteStderr);
  auto routines = Napi::Object::New(env);
  for (auto* r = __start_longconv_routines; r != __stop_longconv_routines; r++) {
    napi_value fn;
    if (napi_create_function(env, r->name, NAPI_AUTO_LENGTH, r->fn, nullptr, &fn) == napi_ok)
      routines.Set(r->name, Napi::Value(env, fn));
  }
  e.Set("routines", routines);
  return e;
}

}  // namespace

NODE_API_MODULE(longconv, Init)
