// What every kernel reads of the step: row r of the activations is the token at `position + r`; rows beyond `rows` are
// unused and hold anything.
struct Step {
  position: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
