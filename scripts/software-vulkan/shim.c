// A Vulkan driver (ICD) that is Mesa's lavapipe with two feature bits added.
//
// Dawn takes a Vulkan device only if it can index arrays of sampled and of storage images dynamically
// (shaderSampledImageArrayDynamicIndexing, shaderStorageImageArrayDynamicIndexing), which older lavapipe does not
// announce. Compute shaders on buffers use neither, so this driver reports both and takes them out again before
// vkCreateDevice reaches lavapipe. Everything else is passed through untouched.
//
// The Vulkan structures are declared by hand (only the parts that are read), so no Vulkan headers are needed.
// LONGCONV_LAVAPIPE: path of libvulkan_lvp.so when the build's own guess (LAVAPIPE) does not hold.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef LAVAPIPE
#define LAVAPIPE "libvulkan_lvp.so"
#endif

// Places in VkPhysicalDeviceFeatures (55 VkBool32).
enum { kFeatures = 55, kSampledImageArrayIndexing = 34, kStorageImageArrayIndexing = 36 };
enum { kStructureFeatures2 = 1000059000 };

typedef struct Chain {
  uint32_t type;
  struct Chain* next;
} Chain;

typedef struct {  // VkPhysicalDeviceFeatures2
  Chain chain;
  uint32_t features[kFeatures];
} Features2;

typedef struct {  // VkDeviceCreateInfo
  Chain chain;
  uint32_t flags, queue_count;
  const void* queues;
  uint32_t layer_count;
  const void* layers;
  uint32_t extension_count;
  const void* extensions;
  const uint32_t* features;
} DeviceCreateInfo;

typedef void (*Function)(void);
typedef Function (*Lookup)(void* instance, const char* name);
typedef int (*Negotiate)(uint32_t* version);

static Lookup lookup, lookup_physical;
static Negotiate negotiate;
static void (*real_features)(void*, uint32_t*);
static void (*real_features2)(void*, Features2*);
static int (*real_create_device)(void*, const DeviceCreateInfo*, const void*, void**);

static int open_lavapipe(void) {
  static void* library;
  if (library) return 1;
  const char* path = getenv("LONGCONV_LAVAPIPE");
  library = dlopen(path ? path : LAVAPIPE, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "software-vulkan: %s\n", dlerror());
    return 0;
  }
  lookup = (Lookup)dlsym(library, "vk_icdGetInstanceProcAddr");
  lookup_physical = (Lookup)dlsym(library, "vk_icdGetPhysicalDeviceProcAddr");
  negotiate = (Negotiate)dlsym(library, "vk_icdNegotiateLoaderICDInterfaceVersion");
  return lookup && negotiate;
}

static void set_bits(uint32_t* features, uint32_t value) {
  features[kSampledImageArrayIndexing] = value;
  features[kStorageImageArrayIndexing] = value;
}

static void get_features(void* device, uint32_t* features) {
  real_features(device, features);
  set_bits(features, 1);
}

static void get_features2(void* device, Features2* features) {
  real_features2(device, features);
  set_bits(features->features, 1);
}

// The caller's structures are const: what changes is restored after the call.
static int create_device(void* device, const DeviceCreateInfo* info, const void* allocator, void** out) {
  DeviceCreateInfo copy = *info;
  uint32_t plain[kFeatures], saved[2] = {0, 0};
  Features2* extended = NULL;
  if (info->features) {
    memcpy(plain, info->features, sizeof plain);
    set_bits(plain, 0);
    copy.features = plain;
  }
  for (Chain* s = info->chain.next; s; s = s->next)
    if (s->type == kStructureFeatures2) extended = (Features2*)s;
  if (extended) {
    saved[0] = extended->features[kSampledImageArrayIndexing];
    saved[1] = extended->features[kStorageImageArrayIndexing];
    set_bits(extended->features, 0);
  }
  int result = real_create_device(device, &copy, allocator, out);
  if (extended) {
    extended->features[kSampledImageArrayIndexing] = saved[0];
    extended->features[kStorageImageArrayIndexing] = saved[1];
  }
  return result;
}

static Function replace(const char* name, Function real) {
  if (!real) return real;
  if (!strcmp(name, "vkGetPhysicalDeviceFeatures")) {
    real_features = (void (*)(void*, uint32_t*))real;
    return (Function)get_features;
  }
  if (!strcmp(name, "vkGetPhysicalDeviceFeatures2") || !strcmp(name, "vkGetPhysicalDeviceFeatures2KHR")) {
    real_features2 = (void (*)(void*, Features2*))real;
    return (Function)get_features2;
  }
  if (!strcmp(name, "vkCreateDevice")) {
    real_create_device = (int (*)(void*, const DeviceCreateInfo*, const void*, void**))real;
    return (Function)create_device;
  }
  return real;
}

Function vk_icdGetInstanceProcAddr(void* instance, const char* name) {
  return open_lavapipe() ? replace(name, lookup(instance, name)) : NULL;
}

Function vk_icdGetPhysicalDeviceProcAddr(void* instance, const char* name) {
  return open_lavapipe() && lookup_physical ? replace(name, lookup_physical(instance, name)) : NULL;
}

int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t* version) {
  enum { kInitializationFailed = -3 };
  return open_lavapipe() ? negotiate(version) : kInitializationFailed;
}
