// Peer `fftw` (protocol in peer.ts): the long convolution with FFTW 3 as a careful user writes it. Single precision,
// FFTW_MEASURE plans, real transforms of the padded row; row by row, so that spectra stay in the cache; the kernel's
// spectrum once per channel and its gradient summed over the batch in frequency. Channels are divided over threads.
#include <fftw3.h>

#include <cmath>
#include <map>
#include <thread>
#include <vector>

#include "protocol.h"

namespace {

/** Aligned memory for FFTW. */
struct Floats {
  float* p = nullptr;
  size_t n = 0;
  Floats() = default;
  explicit Floats(size_t size) : p(fftwf_alloc_real(size)), n(size) {
    if (!p) {
      puts("{\"error\":\"out of memory\"}");
      exit(1);
    }
  }
  Floats(Floats&& o) noexcept : p(o.p), n(o.n) { o.p = nullptr; }
  Floats& operator=(Floats&& o) noexcept {
    std::swap(p, o.p);
    n = o.n;
    return *this;
  }
  ~Floats() { fftwf_free(p); }
  void fill(uint32_t stream, double scale = 1) {
    for (size_t i = 0; i < n; i++) p[i] = float(value(stream, i) * scale);
  }
  double squares() const {
    double s = 0;
    for (size_t i = 0; i < n; i++) s += double(p[i]) * p[i];
    return s;
  }
};

/** The even size with factors 2, 3, 5 next to 2L: what the manual recommends. */
size_t good_size(size_t least) {
  for (size_t n = least + least % 2;; n += 2) {
    size_t m = n;
    for (size_t f : {2, 3, 5})
      while (m % f == 0) m /= f;
    if (m == 1) return n;
  }
}

struct Plans {
  size_t n;
  fftwf_plan forward, inverse;
};

const Plans& plans(size_t n) {
  static std::map<size_t, Plans> known;
  auto it = known.find(n);
  if (it != known.end()) return it->second;
  Floats row(n), spectrum(n + 2);
  auto* c = reinterpret_cast<fftwf_complex*>(spectrum.p);
  Plans p{n, fftwf_plan_dft_r2c_1d(int(n), row.p, c, FFTW_MEASURE),
          fftwf_plan_dft_c2r_1d(int(n), c, row.p, FFTW_MEASURE | FFTW_DESTROY_INPUT)};
  return known[n] = p;
}

struct Convolution {
  size_t B, H, L, n, bins;
  Floats u, k, D, g, y, du, dk, dD;
  Convolution(size_t B, size_t H, size_t L)
      : B(B), H(H), L(L), n(good_size(2 * L)), bins(n / 2 + 1), u(B * H * L), k(H * L), D(H), g(B * H * L),
        y(B * H * L), du(B * H * L), dk(H * L), dD(H) {
    u.fill(0), k.fill(1, 1 / std::sqrt(double(L))), D.fill(2), g.fill(3);
  }
};

/** Buffers of one thread, and the row operations. */
struct Worker {
  Convolution& c;
  const Plans& p;
  Floats row, K, U, G;
  Worker(Convolution& c)
      : c(c), p(plans(c.n)), row(c.n), K(2 * c.bins), U(2 * c.bins), G(2 * c.bins) {}

  void spectrum(const float* x, Floats& out) {
    memcpy(row.p, x, c.L * 4);
    memset(row.p + c.L, 0, (c.n - c.L) * 4);
    fftwf_execute_dft_r2c(p.forward, row.p, reinterpret_cast<fftwf_complex*>(out.p));
  }
  void back(Floats& in) { fftwf_execute_dft_c2r(p.inverse, reinterpret_cast<fftwf_complex*>(in.p), row.p); }

  void kernel(size_t h) {
    spectrum(c.k.p + h * c.L, K);
    const float s = 1.0f / float(c.n);
    for (size_t i = 0; i < 2 * c.bins; i++) K.p[i] *= s;
  }

  void forward(size_t h) {
    kernel(h);
    for (size_t b = 0; b < c.B; b++) {
      const size_t o = (b * c.H + h) * c.L;
      spectrum(c.u.p + o, U);
      float* __restrict a = U.p;
      const float* __restrict k = K.p;
      for (size_t i = 0; i < 2 * c.bins; i += 2) {
        const float re = a[i] * k[i] - a[i + 1] * k[i + 1];
        a[i + 1] = a[i] * k[i + 1] + a[i + 1] * k[i];
        a[i] = re;
      }
      back(U);
      for (size_t t = 0; t < c.L; t++) c.y.p[o + t] = row.p[t] + c.D.p[h] * c.u.p[o + t];
    }
  }

  void backward(size_t h) {
    kernel(h);
    const float s = 1.0f / float(c.n);
    memset(G.p, 0, 8 * c.bins);
    Floats spare(2 * c.bins);
    double skip = 0;
    for (size_t b = 0; b < c.B; b++) {
      const size_t o = (b * c.H + h) * c.L;
      spectrum(c.u.p + o, U);
      spectrum(c.g.p + o, spare);
      float* __restrict g = spare.p;
      float* __restrict sum = G.p;
      const float* __restrict a = U.p;
      const float* __restrict k = K.p;
      for (size_t i = 0; i < 2 * c.bins; i += 2) {
        sum[i] += s * (g[i] * a[i] + g[i + 1] * a[i + 1]);
        sum[i + 1] += s * (g[i + 1] * a[i] - g[i] * a[i + 1]);
        const float re = g[i] * k[i] + g[i + 1] * k[i + 1];
        g[i + 1] = g[i + 1] * k[i] - g[i] * k[i + 1];
        g[i] = re;
      }
      back(spare);
      float dot = 0;
      for (size_t t = 0; t < c.L; t++) {
        c.du.p[o + t] = row.p[t] + c.D.p[h] * c.g.p[o + t];
        dot += c.u.p[o + t] * c.g.p[o + t];
      }
      skip += dot;
    }
    back(G);
    memcpy(c.dk.p + h * c.L, row.p, c.L * 4);
    c.dD.p[h] = float(skip);
  }
};

void run(Convolution& c, bool forward, bool backward, size_t threads) {
  plans(c.n);
  auto part = [&](size_t t) {
    Worker w(c);
    for (size_t h = t; h < c.H; h += threads) {
      if (forward) w.forward(h);
      if (backward) w.backward(h);
    }
  };
  std::vector<std::thread> others;
  for (size_t t = 1; t < threads; t++) others.emplace_back(part, t);
  part(0);
  for (auto& t : others) t.join();
}

}  // namespace

int main() {
  printf("{\"name\":\"FFTW %s\"}\n", fftwf_version);
  fflush(stdout);
  Convolution* c = nullptr;
  char* buffer = nullptr;
  size_t room = 0;
  while (getline(&buffer, &room, stdin) > 0) {
    const std::string line = buffer, pass = field(line, "pass");
    if (field(line, "op") != "fft-conv") {
      printf("{\"error\":\"unknown op %s\"}\n", field(line, "op").c_str());
      fflush(stdout);
      continue;
    }
    const size_t B = strtoul(field(line, "B").c_str(), nullptr, 10), H = strtoul(field(line, "H").c_str(), nullptr, 10),
                 L = strtoul(field(line, "L").c_str(), nullptr, 10);
    const size_t threads = strtoul(field(line, "threads").c_str(), nullptr, 10);
    const int repeats = atoi(field(line, "repeats").c_str());
    const bool cpu = field(line, "clock") == "cpu", forward = pass != "backward", backward = pass != "forward";
    if (!c || c->B != B || c->H != H || c->L != L) {
      delete c;
      c = new Convolution(B, H, L);
    }
    std::string seconds;
    for (int r = 0; r <= repeats; r++) {
      const double start = now(cpu);
      run(*c, forward, backward, threads ? threads : 1);
      char text[32];
      snprintf(text, sizeof text, "%s%.9f", seconds.empty() ? "" : ",", now(cpu) - start);
      if (r) seconds += text;
    }
    printf("{\"seconds\":[%s],\"sums\":{", seconds.c_str());
    if (forward) printf("\"y\":%.9e%s", c->y.squares(), backward ? "," : "");
    if (backward)
      printf("\"du\":%.9e,\"dk\":%.9e,\"dD\":%.9e", c->du.squares(), c->dk.squares(), c->dD.squares());
    printf("}}\n");
    fflush(stdout);
  }
}
