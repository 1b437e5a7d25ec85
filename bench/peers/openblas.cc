// Peer `openblas` (protocol in peer.ts): matrix products by cblas_sgemm of the OpenBLAS that is installed. The library
// is opened at run time (argument 1), so that no header is needed; row-major operands as our suite has them.
//
//   c = op(a) b^T;  da = g b, or b^T g^T when a is stored transposed;  db = sum over the batch of g^T op(a)
#include <dlfcn.h>

#include <vector>

#include "protocol.h"

namespace {

enum { rowMajor = 101, plain = 111, transposed = 112 };
using Sgemm = void (*)(int order, int transA, int transB, int M, int N, int K, float alpha, const float* A, int lda,
                       const float* B, int ldb, float beta, float* C, int ldc);

struct Library {
  Sgemm sgemm;
  void (*setThreads)(int);
  /** 0: built without threads. */
  int (*parallel)();
  char* (*config)();
  char* (*core)();
};

template <class F>
bool find(void* handle, const char* name, F& f) {
  f = reinterpret_cast<F>(dlsym(handle, name));
  return f != nullptr;
}

bool open(const char* path, Library& l) {
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return handle && find(handle, "cblas_sgemm", l.sgemm) && find(handle, "openblas_set_num_threads", l.setThreads) &&
         find(handle, "openblas_get_parallel", l.parallel) && find(handle, "openblas_get_config", l.config) &&
         find(handle, "openblas_get_corename", l.core);
}

using Floats = std::vector<float>;

Floats operand(uint32_t stream, size_t n) {
  Floats x(n);
  for (size_t i = 0; i < n; i++) x[i] = float(value(stream, i));
  return x;
}

double squares(const Floats& x) {
  double s = 0;
  for (float v : x) s += double(v) * v;
  return s;
}

struct Product {
  size_t batch, M, N, K;
  bool transA;
  Floats a, b, c, g, da, db;

  bool same(const Product& o) const {
    return batch == o.batch && M == o.M && N == o.N && K == o.K && transA == o.transA;
  }

  void allocate(bool backward) {
    if (a.empty()) a = operand(0, batch * M * K), b = operand(1, N * K), c = Floats(batch * M * N);
    if (backward && g.empty()) g = operand(3, batch * M * N), da = Floats(batch * M * K), db = Floats(N * K);
  }

  void forward(Sgemm sgemm) {
    const int m = int(M), n = int(N), k = int(K);
    for (size_t i = 0; i < batch; i++)
      sgemm(rowMajor, transA ? transposed : plain, transposed, m, n, k, 1, &a[i * M * K], transA ? m : k, b.data(), k, 0,
            &c[i * M * N], n);
  }

  void backward(Sgemm sgemm) {
    const int m = int(M), n = int(N), k = int(K);
    for (size_t i = 0; i < batch; i++) {
      const float* gi = &g[i * M * N];
      if (transA)
        sgemm(rowMajor, transposed, transposed, k, m, n, 1, b.data(), k, gi, n, 0, &da[i * M * K], m);
      else
        sgemm(rowMajor, plain, plain, m, k, n, 1, gi, n, b.data(), k, 0, &da[i * M * K], k);
      sgemm(rowMajor, transposed, transA ? transposed : plain, n, k, m, 1, gi, n, &a[i * M * K], transA ? m : k,
            i ? 1.0f : 0.0f, db.data(), k);
    }
  }
};

void refuse(const std::string& why) {
  printf("{\"error\":\"%s\"}\n", why.c_str());
  fflush(stdout);
}

}  // namespace

int main(int, char** arguments) {
  Library library;
  if (!open(arguments[1], library)) {
    printf(
        "{\"unavailable\":\"the peer openblas needs OpenBLAS, and %s does not load: install it with 'apt-get install "
        "libopenblas0-pthread' (or your system's equivalent), or name the library in LONGCONV_OPENBLAS\"}\n",
        arguments[1]);
    return 0;
  }
  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."; the core says which kernels it chose.
  const std::string config = library.config();
  const std::string version = config.substr(0, config.find(' ', config.find(' ') + 1));
  printf("{\"name\":\"%s %s\"}\n", version.c_str(), library.core());
  fflush(stdout);
  Product product{};
  char* buffer = nullptr;
  size_t room = 0;
  while (getline(&buffer, &room, stdin) > 0) {
    const std::string line = buffer, pass = field(line, "pass");
    const size_t threads = number(line, "threads"), repeats = number(line, "repeats");
    if (field(line, "op") != "gemm") {
      refuse("unknown op " + field(line, "op"));
      continue;
    }
    if (threads > 1 && library.parallel() == 0) {
      refuse("this OpenBLAS is built without threads: install libopenblas0-pthread, or measure with --threads 1");
      continue;
    }
    const bool cpu = field(line, "clock") == "cpu", forward = pass != "backward", backward = pass != "forward";
    Product wanted{number(line, "batch"), number(line, "M"), number(line, "N"), number(line, "K"),
                   field(line, "transA") == "true"};
    if (!product.same(wanted)) product = std::move(wanted);
    product.allocate(backward);
    library.setThreads(threads ? int(threads) : 1);
    std::string seconds;
    for (size_t r = 0; r <= repeats; r++) {
      const double start = now(cpu);
      if (forward) product.forward(library.sgemm);
      if (backward) product.backward(library.sgemm);
      char text[32];
      snprintf(text, sizeof text, "%s%.9f", seconds.empty() ? "" : ",", now(cpu) - start);
      if (r) seconds += text;
    }
    // Its waiting threads spin a little longer (OPENBLAS_THREAD_TIMEOUT); the next candidate's time begins after that.
    if (threads > 1) {
      const timespec rest{0, 3'000'000};
      nanosleep(&rest, nullptr);
    }
    printf("{\"seconds\":[%s],\"sums\":{", seconds.c_str());
    if (forward) printf("\"c\":%.9e%s", squares(product.c), backward ? "," : "");
    if (backward) printf("\"da\":%.9e,\"db\":%.9e", squares(product.da), squares(product.db));
    printf("}}\n");
    fflush(stdout);
  }
}
