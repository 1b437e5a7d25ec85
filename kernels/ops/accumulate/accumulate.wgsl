// into += x, four elements a thread. Memory bound: 12 bytes an element.

@group(0) @binding(0) var<storage, read_write> sum: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<uniform> vectors: vec4u;

const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * THREADS + thread;
  if (i < vectors.x) {
    sum[i] += x[i];
  }
}
