// out[i] = sum over s of parts[s * count + i], plus a bias per column; bias_at() and `out` come before this text.

struct Params {
  count: u32,
  parts: u32,
  cols: u32,
}

const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * THREADS + thread;
  if (i >= p.count) {
    return;
  }
  var sum = 0.0;
  for (var s = 0u; s < p.parts; s++) {
    sum += parts[s * p.count + i];
  }
  out[i] = sum + bias_at(i % p.cols);
}
