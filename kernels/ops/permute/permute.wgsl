// Swaps the contiguous axis of x with that of y through tiles of 32 x 32, so that both are accessed along rows.
// `ROWS` (the contiguous axis of y) and `COLS` (that of x) and the batch axes come from the table; `batch()` gives
// the offsets of a batch in x and y. Needs 256 threads.

const TILE = 32u;
var<workgroup> tile: array<f32, TILE * (TILE + 1u)>;

@compute @workgroup_size(32, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) at: vec3u,
) {
  let item = group.y * groups.x + group.x;
  let across = (p.cols + TILE - 1u) / TILE;
  let down = (p.rows + TILE - 1u) / TILE;
  if (item >= across * down * p.batches) {
    return;
  }
  let base = batch(item / (across * down));
  let col0 = (item % across) * TILE;
  let row0 = ((item / across) % down) * TILE;
  for (var i = at.y; i < TILE; i += 8u) {
    if (row0 + i < p.rows && col0 + at.x < p.cols) {
      tile[i * (TILE + 1u) + at.x] = x[base.x + (row0 + i) * p.x_row + col0 + at.x];
    }
  }
  workgroupBarrier();
  for (var i = at.y; i < TILE; i += 8u) {
    if (col0 + i < p.cols && row0 + at.x < p.rows) {
      y[base.y + (col0 + i) * p.y_col + row0 + at.x] = tile[at.x * (TILE + 1u) + i];
    }
  }
}
