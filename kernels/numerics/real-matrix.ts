/** Dense real square matrices in float64, row-major, for host numerics. */

export class RealMatrix {
  readonly data: Float64Array;

  constructor(
    readonly n: number,
    data?: Float64Array,
  ) {
    this.data = data ?? new Float64Array(n * n);
  }

  static identity(n: number): RealMatrix {
    const a = new RealMatrix(n);
    for (let i = 0; i < n; i++) a.data[i * n + i] = 1;
    return a;
  }

  times(b: RealMatrix): RealMatrix {
    const { n } = this;
    const c = new RealMatrix(n);
    for (let i = 0; i < n; i++) {
      const row = c.data.subarray(i * n, (i + 1) * n);
      for (let k = 0; k < n; k++) {
        const x = this.data[i * n + k];
        const from = k * n;
        for (let j = 0; j < n; j++) row[j] += x * b.data[from + j];
      }
    }
    return c;
  }

  /** Matrix times column. */
  apply(x: Float64Array): Float64Array {
    const { n, data } = this;
    return Float64Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += data[i * n + j] * x[j];
      return sum;
    });
  }

  /** Row times matrix. */
  applyLeft(x: Float64Array): Float64Array {
    const { n, data } = this;
    const y = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) y[j] += x[i] * data[i * n + j];
    return y;
  }

  /** X with A X = B, where B has `columns` columns, row-major; partial pivoting. Throws when A is singular. */
  solve(b: Float64Array, columns: number): Float64Array {
    const { n } = this;
    const a = this.data.slice();
    const x = b.slice();
    const swap = (m: Float64Array, width: number, i: number, k: number) => {
      const row = m.slice(i * width, (i + 1) * width);
      m.copyWithin(i * width, k * width, (k + 1) * width);
      m.set(row, k * width);
    };
    for (let k = 0; k < n; k++) {
      let pivot = k;
      for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
      if (a[pivot * n + k] === 0) throw new RangeError(`a ${n} x ${n} matrix is singular`);
      if (pivot !== k) {
        swap(a, n, k, pivot);
        swap(x, columns, k, pivot);
      }
      for (let i = k + 1; i < n; i++) {
        const f = a[i * n + k] / a[k * n + k];
        if (f === 0) continue;
        for (let j = k + 1; j < n; j++) a[i * n + j] -= f * a[k * n + j];
        for (let j = 0; j < columns; j++) x[i * columns + j] -= f * x[k * columns + j];
      }
    }
    for (let i = n - 1; i >= 0; i--)
      for (let j = 0; j < columns; j++) {
        let sum = x[i * columns + j];
        for (let k = i + 1; k < n; k++) sum -= a[i * n + k] * x[k * columns + j];
        x[i * columns + j] = sum / a[i * n + i];
      }
    return x;
  }

  /** Largest sum of magnitudes over a row. */
  norm(): number {
    const { n, data } = this;
    let most = 0;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += Math.abs(data[i * n + j]);
      // A NaN must not be lost.
      if (!(sum <= most)) most = sum;
    }
    return most;
  }
}
