// parts[chunk][j] = sum of x[i][j] over the rows i of a chunk: 64 columns a workgroup, read along the rows of x.

struct Params {
  rows: u32,
  cols: u32,
  chunk: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> parts: array<f32>;
@group(0) @binding(2) var<uniform> p: Params;

const COLS = 64u;
const LANES = 4u;

var<workgroup> lanes: array<f32, COLS * LANES>;

@compute @workgroup_size(COLS, LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let col = group.x * COLS + at.x;
  let end = min((group.y + 1u) * p.chunk, p.rows);
  var sum = 0.0;
  if (col < p.cols) {
    for (var row = group.y * p.chunk + at.y; row < end; row += LANES) {
      sum += x[row * p.cols + col];
    }
  }
  lanes[thread] = sum;
  workgroupBarrier();
  if (at.y == 0u && col < p.cols) {
    parts[group.y * p.cols + col] = (lanes[at.x] + lanes[at.x + COLS]) + (lanes[at.x + 2u * COLS] + lanes[at.x + 3u * COLS]);
  }
}
