// Native code that is no kernel: functions of the addon that work on the caller's typed arrays. A file
// reproductions/data/<topic>/<name>.cc registers one in a linker section; addon.cc hands them out by name
// (`addon.routines`). Compiled once, for the baseline and without contraction of products and sums, so that float64
// arithmetic gives what JavaScript gives.
#pragma once
#include <node_api.h>

namespace longconv {

struct Routine {
  const char* name;
  napi_callback fn;
};

}  // namespace longconv

#define LONGCONV_ROUTINE(name, fn)                                                                   \
  static ::longconv::Routine routine_##fn __attribute__((used, section("longconv_routines"))) = {name, &fn};
