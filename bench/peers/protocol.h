// What the peers written in C++ share: the rule of the operands (`peerValue` in peer.ts), clocks, and reading a request.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

inline double value(uint32_t stream, uint64_t i) {
  uint32_t x = uint32_t(i + 1) * 0x9e3779b1u ^ (stream + 1) * 0x85ebca6bu;
  x = (x ^ (x >> 15)) * 0x2c1b3c6du;
  x = (x ^ (x >> 12)) * 0x297a2d39u;
  x ^= x >> 15;
  return double(x >> 8) / 8388608 - 1;
}

/** Seconds. */
inline double now(bool cpu) {
  timespec t;
  clock_gettime(cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

/** The value of a key of a flat JSON object, as text; empty when there is none. */
inline std::string field(const std::string& line, const char* key) {
  size_t at = line.find("\"" + std::string(key) + "\"");
  if (at == std::string::npos) return "";
  at = line.find_first_not_of(" :\"", at + strlen(key) + 2);
  return line.substr(at, line.find_first_of(",}\"", at) - at);
}

inline size_t number(const std::string& line, const char* key) { return strtoul(field(line, key).c_str(), nullptr, 10); }
