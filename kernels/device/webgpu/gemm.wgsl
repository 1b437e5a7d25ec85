// C[z] = sum over the depth of A[z] B[z], plus a bias per column: one tile of C a workgroup.
//
// Before this text come the constants X, Y (threads), ROWS (rows a thread; four columns a thread), A_DEPTH_FIRST and
// B_DEPTH_FIRST (which index is contiguous in memory), and bias_at(). A tile is (Y ROWS) x (X 4); per step, DEPTH
// slices of both operands go through workgroup memory, read along the contiguous index. Sums are kept in two
// levels (FOLD steps each), which keeps their rounding near that of a pairwise sum. The depth runs over `loops`
// matrices of `depth` (a batch that is summed) and may be split over workgroups: split s writes part s of C.

struct Params {
  rows: u32, cols: u32, depth: u32, loops: u32,
  a_row: u32, a_depth: u32, a_batch: u32, a_loop: u32,
  b_col: u32, b_depth: u32, b_batch: u32, b_loop: u32,
  splits: u32, steps_per_split: u32, first_batch: u32, c_batch: u32,
  c_split: u32,
}

const DEPTH = 16u;
const FOLD = 16u;
const THREADS = X * Y;
const TILE_ROWS = Y * ROWS;
const TILE_COLS = X * 4u;
// Four more than the tile: columns of the transposed store fall into different banks.
const A_STRIDE = TILE_ROWS + 4u;
const B_STRIDE = TILE_COLS + 4u;

var<workgroup> a_tile: array<f32, DEPTH * A_STRIDE>;
var<workgroup> b_tile: array<f32, DEPTH * B_STRIDE>;

@compute @workgroup_size(X, Y)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row0 = group.y * TILE_ROWS;
  let col0 = group.x * TILE_COLS;
  let batch = p.first_batch + group.z / p.splits;
  let part = group.z % p.splits;
  let steps_per_loop = (p.depth + DEPTH - 1u) / DEPTH;
  let first = part * p.steps_per_split;
  let last = min(first + p.steps_per_split, steps_per_loop * p.loops);

  var total: array<vec4f, ROWS>;
  var sum: array<vec4f, ROWS>;
  for (var step = first; step < last; step++) {
    let loop_index = step / steps_per_loop;
    let k0 = (step % steps_per_loop) * DEPTH;
    let a_base = batch * p.a_batch + loop_index * p.a_loop;
    let b_base = batch * p.b_batch + loop_index * p.b_loop;
    for (var i = thread; i < DEPTH * TILE_ROWS; i += THREADS) {
      let r = select(i % TILE_ROWS, i / DEPTH, A_DEPTH_FIRST);
      let k = select(i / TILE_ROWS, i % DEPTH, A_DEPTH_FIRST);
      var x = 0.0;
      if (row0 + r < p.rows && k0 + k < p.depth) {
        x = a[a_base + (row0 + r) * p.a_row + (k0 + k) * p.a_depth];
      }
      a_tile[k * A_STRIDE + r] = x;
    }
    for (var i = thread; i < DEPTH * TILE_COLS; i += THREADS) {
      let c = select(i % TILE_COLS, i / DEPTH, B_DEPTH_FIRST);
      let k = select(i / TILE_COLS, i % DEPTH, B_DEPTH_FIRST);
      var x = 0.0;
      if (col0 + c < p.cols && k0 + k < p.depth) {
        x = b[b_base + (col0 + c) * p.b_col + (k0 + k) * p.b_depth];
      }
      b_tile[k * B_STRIDE + c] = x;
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let c = k * B_STRIDE + at.x * 4u;
      let right = vec4f(b_tile[c], b_tile[c + 1u], b_tile[c + 2u], b_tile[c + 3u]);
      for (var r = 0u; r < ROWS; r++) {
        sum[r] = fma(vec4f(a_tile[k * A_STRIDE + at.y * ROWS + r]), right, sum[r]);
      }
    }
    workgroupBarrier();
    if ((step - first) % FOLD == FOLD - 1u) {
      for (var r = 0u; r < ROWS; r++) {
        total[r] += sum[r];
        sum[r] = vec4f();
      }
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    let row = row0 + at.y * ROWS + r;
    let value = total[r] + sum[r];
    for (var c = 0u; c < 4u; c++) {
      let col = col0 + at.x * 4u + c;
      if (row < p.rows && col < p.cols) {
        out[part * p.c_split + batch * p.c_batch + row * p.cols + col] = value[c] + bias_at(col);
      }
    }
  }
}
