// Queries and keys that are taken as they come.

fn norm_weight(index: u32, is_query: bool) -> f32 {
  return 1.0;
}

fn head_gain(head_start: u32, part: u32, is_used: bool) -> f32 {
  return 1.0;
}
