/** Sides of a grid of patches. */
export interface PatchGrid {
  rows: number;
  columns: number;
}

/** How a row of a table is made of others: `weights[i]` times row `first + i`, clamped to the table. */
interface Taps {
  first: number;
  weights: number[];
}

/**
 * Weights by which the rows of a table of `side` × `side` positions are mixed for each patch of `grid`:
 * f32 [patches, width], the first side² of each row used.
 *
 * 'smooth' is PyTorch's bicubic interpolation with antialias, as timm's resample_abs_pos_embed asks for: Keys' kernel with
 * a = −0.5, as wide as a step where the grid is coarser, normalised at the border. 'sharp' is the one without, as in
 * MiniCPM-V 1.0's resampler.py: a = −0.75, four taps, the border repeated. Pixels are centred at halves in both.
 */
export function interpolationMix(
  side: number,
  grid: PatchGrid,
  width: number,
  kernel: 'smooth' | 'sharp',
): Float32Array<ArrayBuffer> {
  const taps = kernel === 'smooth' ? smoothTaps : sharpTaps;
  const [vertical, horizontal] = [taps(side, grid.rows), taps(side, grid.columns)];
  const mix = new Float32Array(grid.rows * grid.columns * width);
  const inside = (index: number) => Math.min(Math.max(index, 0), side - 1);
  vertical.forEach((down, row) =>
    horizontal.forEach((across, column) => {
      const start = (row * grid.columns + column) * width;
      down.weights.forEach((weightDown, i) =>
        across.weights.forEach((weightAcross, j) => {
          mix[start + inside(down.first + i) * side + inside(across.first + j)]! += weightDown * weightAcross;
        }),
      );
    }),
  );
  return mix;
}

function smoothTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const center = scale * (i + 0.5);
    const first = Math.max(Math.trunc(center - 2 * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(center + 2 * stretch + 0.5), from);
    const weights = Array.from({ length: end - first }, (_, j) => keys((first + j + 0.5 - center) / stretch, -0.5));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function sharpTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const center = scale * (i + 0.5) - 0.5;
    const first = Math.floor(center) - 1;
    return { first, weights: [0, 1, 2, 3].map((j) => keys(first + j - center, -0.75)) };
  });
}

/** The cubic convolution kernel of Keys (1981). */
function keys(x: number, a: number): number {
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return a * (((t - 5) * t + 8) * t - 4);
  return 0;
}
