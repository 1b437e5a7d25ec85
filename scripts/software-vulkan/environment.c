// setenv(name, value) for the running process, as a Node-API module.
//
// The Vulkan loader reads VK_ICD_FILENAMES from the C environment. Assigning process.env reaches it in Node and
// Deno but not in Bun, where process.env is a copy.
#define _GNU_SOURCE
#include <node_api.h>
#include <stdlib.h>

static napi_value set(napi_env env, napi_callback_info info) {
  size_t count = 2, length;
  napi_value args[2], result;
  char name[256], value[4096];
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count != 2 ||
      napi_get_value_string_utf8(env, args[0], name, sizeof name, &length) != napi_ok ||
      napi_get_value_string_utf8(env, args[1], value, sizeof value, &length) != napi_ok ||
      setenv(name, value, 1) != 0) {
    napi_throw_error(env, NULL, "setenv takes a name and a value");
    return NULL;
  }
  napi_get_undefined(env, &result);
  return result;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "setenv", NAPI_AUTO_LENGTH, set, NULL, &function);
  napi_set_named_property(env, exports, "setenv", function);
  return exports;
}
