// Pathfinder images as contours.ts makes them, byte for byte and draw for draw; that file says what is done and why.
// Here are the shortcuts:
//
// * Every number that needs a sine, a cosine or an arc tangent comes from tables.ts. What is left in float64 (a sum of
//   weights, a product with a draw, the final stretch) is done in the order of the plain code, without contraction.
// * `mask` and `near` (the largest mask level within the margin of a pixel) are kept side by side: a paddle raises
//   both, the second by its own dilated sprite, so that the room around a candidate is one load.
// * Both canvases have a border: the mask's is empty and `near`'s is full, as nothing can be placed out there.
// * Paddles that are too close are found by comparing the mask with the highest level that each pixel allows.
// * A failed attempt gives back only the box of the paddles that it placed.
// * The stretch to 0..255 rises with the level, so each of the three layers goes through a table of 256 bytes and the
//   largest wins.
//
// Milliseconds of one core an image (EPYC with AVX-512, of which the baseline uses SSE2; smallest of twelve runs that
// took turns), at 32, 64, 128 and 256:
//
//     contours.ts under Bun                              1.13   19.1   30.0   17.6
//     the shortcuts above, boxes given back one by one   0.049  1.33   0.94   0.130
//     one box around them all                            0.047  1.31   0.90   0.118
//     free pixels counted 16 at a time                   0.044  1.31   0.90   0.098
//     -O3 (1.9 s to compile instead of 0.7)              0.041  1.26   0.89   0.105   not taken
//     AVX2 (-mavx2)                                      0.048  1.4    0.95   0.12    not taken
//
// What is left is rejection: an image of 64 x 64 takes 4,000 attempts with 8,800 paddles tried, of 128 x 128 360 with
// 4,000, at 150 to 230 ns a paddle, which are in equal parts the weights, the sprites and the rest; three quarters of
// the attempts at 64 end at their first draw. At 256 there are 140 paddles, and it is the canvases, the stretch and
// fresh memory for the result that take the time. Fewer attempts would need other draws than the plain code's.
#include "contours-generator.h"
#include "routine.h"

namespace {

using namespace longconv::pathfinder;

/** One call: a range of samples. */
struct Work {
  Tables tables;
  uint32_t key0, key1, start, count;
  uint8_t *pixels, *labels;
  int32_t *ends, *attempts;
  bool done;
  // Of a call that goes on by itself.
  napi_async_work work;
  napi_deferred deferred;
  napi_ref arrays;
};

void execute(napi_env, void* data) {
  Work& w = *static_cast<Work*>(data);
  Generator generator(w.tables);
  if (!generator.ready()) return;
  const size_t area = static_cast<size_t>(w.tables.integers[1]) * w.tables.integers[1];
  Draws draws(w.key0, w.key1);
  for (uint32_t i = 0; i < w.count; i++) {
    draws.start(w.start + i);
    generator.draw(draws, w.pixels + i * area, w.labels + i, w.ends + 8 * i, w.attempts + i);
  }
  w.done = true;
}

constexpr char kNoMemory[] = "pathfinder: there is no memory for the native generator";

void complete(napi_env env, napi_status, void* data) {
  Work* w = static_cast<Work*>(data);
  napi_value value;
  if (w->done) {
    napi_get_undefined(env, &value);
    napi_resolve_deferred(env, w->deferred, value);
  } else {
    napi_value text;
    napi_create_string_utf8(env, kNoMemory, NAPI_AUTO_LENGTH, &text);
    napi_create_error(env, nullptr, text, &value);
    napi_reject_deferred(env, w->deferred, value);
  }
  napi_delete_reference(env, w->arrays);
  napi_delete_async_work(env, w->work);
  delete w;
}

/** Reads the arguments of both routines; false when an error has been thrown. */
bool prepare(napi_env env, napi_callback_info info, Work& w, napi_value* arrays) {
  constexpr size_t kArrays = 7;
  size_t argc = 4;
  napi_value argv[4];
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  void* data[kArrays];
  size_t length[kArrays];
  const napi_typedarray_type types[kArrays] = {napi_int32_array, napi_float64_array, napi_uint8_array, napi_uint8_array,
                                               napi_uint8_array, napi_int32_array,   napi_int32_array};
  const auto refuse = [&](const char* what) {
    napi_throw_error(env, nullptr, what);
    return false;
  };
  if (argc != 4) return refuse("pathfinder: four arguments are needed");
  for (uint32_t i = 0; i < kArrays; i++) {
    napi_value array;
    napi_typedarray_type type;
    if (napi_get_element(env, argv[0], i, &array) != napi_ok ||
        napi_get_typedarray_info(env, array, &type, &length[i], &data[i], nullptr, nullptr) != napi_ok ||
        type != types[i])
      return refuse("pathfinder: the arrays are not of the types that they should be");
  }
  double numbers[3];
  for (int i = 0; i < 3; i++)
    if (napi_get_value_double(env, argv[1 + i], &numbers[i]) != napi_ok || !(numbers[i] >= 0) ||
        numbers[i] > 4294967295.0)
      return refuse("pathfinder: key and start are 32-bit numbers");
  const auto* settings = static_cast<const Settings*>(data[0]);
  if (length[0] < sizeof(Settings) / sizeof(int32_t) || settings->layout != kLayout || settings->size % 16 ||
      settings->contour > kLongest || settings->distractor > kLongest)
    return refuse("pathfinder: the tables have another layout than this build reads");
  const size_t count = length[4];
  if (length[3] != count * settings->size * settings->size || length[5] != 8 * count || length[6] != count)
    return refuse("pathfinder: the arrays are not of one number of samples");
  w.tables = {static_cast<const int32_t*>(data[0]), static_cast<const double*>(data[1]),
              static_cast<const uint8_t*>(data[2])};
  w.key0 = static_cast<uint32_t>(numbers[0]), w.key1 = static_cast<uint32_t>(numbers[1]);
  w.start = static_cast<uint32_t>(numbers[2]), w.count = static_cast<uint32_t>(count);
  w.pixels = static_cast<uint8_t*>(data[3]), w.labels = static_cast<uint8_t*>(data[4]);
  w.ends = static_cast<int32_t*>(data[5]), w.attempts = static_cast<int32_t*>(data[6]);
  *arrays = argv[0];
  return true;
}

/**
 * pathfinder([integers, reals, sprites, pixels, labels, ends, attempts], key0, key1, start): fills the last four with
 * the samples from `start` on, as many as `labels` holds, on a thread of the runtime's pool while the caller goes on.
 * Returns a promise; the arrays are its until it settles.
 */
napi_value pathfinder(napi_env env, napi_callback_info info) {
  auto* w = new Work{};
  napi_value arrays, promise, name;
  if (!prepare(env, info, *w, &arrays)) {
    delete w;
    return nullptr;
  }
  napi_create_string_utf8(env, "longconv pathfinder", NAPI_AUTO_LENGTH, &name);
  if (napi_create_reference(env, arrays, 1, &w->arrays) != napi_ok ||
      napi_create_promise(env, &w->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, w, &w->work) != napi_ok ||
      napi_queue_async_work(env, w->work) != napi_ok) {
    delete w;
    napi_throw_error(env, nullptr, "pathfinder: the work could not be queued");
    return nullptr;
  }
  return promise;
}

/** The same on the caller's thread, and done when it returns. */
napi_value pathfinder_now(napi_env env, napi_callback_info info) {
  Work w{};
  napi_value arrays;
  if (!prepare(env, info, w, &arrays)) return nullptr;
  execute(env, &w);
  if (!w.done) napi_throw_error(env, nullptr, kNoMemory);
  return nullptr;
}

LONGCONV_ROUTINE("pathfinder", pathfinder)
LONGCONV_ROUTINE("pathfinder-now", pathfinder_now)

}  // namespace
