import type {
  BenchmarkCase,
  BenchmarkEyesReport,
  BenchmarkProgress,
  BenchmarkReport,
  BenchmarkShapeReport,
  Diagnostics,
} from '../../src/engine/api';
import type { DispatchTime } from './dispatchTimes';

/** The device by its best name, and what it was found to reach. */
export function describeDevice({ diagnostics, copyGigabytesPerSecond, peakGigaflops }: BenchmarkReport): string {
  const rates = [
    ...(copyGigabytesPerSecond === null ? [] : [`copies ${three(copyGigabytesPerSecond)} GB/s`]),
    ...(peakGigaflops === null ? [] : [`multiplies and adds ${three(peakGigaflops)} GFLOP/s`]),
  ];
  return [deviceName(diagnostics), ...rates].join('; ');
}

export function deviceName({ backend, adapter, isSoftwareAdapter }: Diagnostics): string {
  if (backend === 'cpu' || !adapter) return 'CPU, plain TypeScript';
  const { vendor, architecture, device, description } = adapter;
  const name = description || device || [vendor, architecture].filter(Boolean).join(' ') || 'GPU';
  return isSoftwareAdapter ? `${name} (software adapter)` : name;
}

/** What is being measured now, as one line. */
export function stepLine({ phase, shape, case: current, done, total }: BenchmarkProgress): string {
  const step = current ? `${current.kind} ${current.tokens}` : phase;
  return [`${done + 1}/${total}`, ...(shape ? [shape] : []), step].join(' ');
}

/** Prints one table of all cases, and a line for each shape. */
export function printReport(report: BenchmarkReport): void {
  console.log(describeDevice(report));
  for (const { shape, model, parameters, gpuBytes, contextLength, setupSeconds, ...chosen } of report.shapes) {
    const size = `${three(parameters / 1e6)} M parameters`;
    const memory = `${three(gpuBytes / 1e6)} MB with a cache for ${contextLength} tokens in ${chosen.kvCache}`;
    const { kernels, kernelChoiceMs } = chosen;
    const active = kernels.filter(({ state }) => state === 'active').map(({ name }) => name);
    const choice = kernelChoiceMs === null ? '' : `, chosen in ${three(kernelChoiceMs)} ms`;
    console.log(
      `${shape}: ${model}, ${size}, ${memory}, made in ${three(setupSeconds)} s; ${active.join(', ')}${choice}`,
    );
  }
  const cases = report.shapes.flatMap((shape) => shape.cases.map((measured) => [shape, measured] as const));
  console.table(cases.map(([shape, measured]) => row(shape, measured)));
  for (const [{ shape }, { kind, tokens, result }] of cases) {
    if (result.state !== 'measured') console.log(`${shape} ${kind} ${tokens}: ${result.state}, ${result.detail}`);
  }
  if (report.eyes) printEyes(report.eyes, report.shapes);
}

/** Prints what the kernels of a step took. */
export function printTimes(step: string, times: readonly DispatchTime[]): void {
  console.log(`${step}: microseconds of each kernel and grid`);
  for (const { name, count, median, total } of times) {
    console.log([three(total), `${count} ×`, three(median), name].map((cell) => String(cell).padStart(9)).join(' '));
  }
}

/** A tile, and what it makes of the first token: the features are read like a prompt, behind it. */
function printEyes(eyes: BenchmarkEyesReport, shapes: readonly BenchmarkShapeReport[]): void {
  const { model, layers, allLayers, patches, weightBytes, programBytes, setupSeconds, result } = eyes;
  const memory = `${three(weightBytes / 1e6)} MB of weights, ${three(programBytes / 1e6)} MB of programs`;
  console.log(`eyes of ${model}, ${layers} of ${allLayers} layers: ${memory}, made in ${three(setupSeconds)} s`);
  if (result.state !== 'measured')
    return console.log(`a tile of ${patches} patches: ${result.state}, ${result.detail}`);
  const { secondsPerTile, secondsWithAllLayers, repeats, dispatches, submits, gigaflops, shareOfPeak } = result;
  const share = shareOfPeak === null ? '' : `, ${three(100 * shareOfPeak)} % of the peak`;
  const work = `${dispatches} dispatches in ${submits} submits, ${three(gigaflops)} GFLOP/s${share}`;
  const runs = repeats > 1 ? `, spread ${three(100 * result.spread)} % over ${repeats}` : '';
  console.log(`a tile of ${patches} patches: ${three(secondsPerTile)} s${runs}; ${work}`);
  if (layers < allLayers)
    console.log(`scaled to ${allLayers} layers by their operations: ${three(secondsWithAllLayers)} s`);
  for (const { shape, cases } of shapes) {
    const prefill = cases.find(({ kind, tokens }) => kind === 'prefill' && tokens === 128)?.result;
    if (prefill?.state !== 'measured') continue;
    const seconds = three(secondsWithAllLayers + prefill.firstTokenSeconds);
    console.log(`first token behind a picture of one tile and a short question (prefill 128), ${shape}: ${seconds} s`);
  }
}

function row({ shape }: BenchmarkShapeReport, { kind, tokens, result }: BenchmarkCase): Record<string, string> {
  const head = { shape, case: `${kind} ${tokens}` };
  if (result.state !== 'measured') return { ...head, 'tokens/s': result.state };
  const percent = (share: number | null) => (share === null ? '' : `${three(100 * share)} %`);
  return {
    ...head,
    'tokens/s': three(result.tokensPerSecond),
    spread: result.repeats > 1 ? percent(result.spread) : '',
    'first token s': three(result.firstTokenSeconds),
    'GB/s': result.gigabytesPerSecond === null ? '' : three(result.gigabytesPerSecond),
    'of copy': percent(result.shareOfBandwidth),
    'GFLOP/s': three(result.gigaflops),
    'of peak': percent(result.shareOfPeak),
    'dispatches/token': three(result.dispatchesPerToken),
    'submits/token': three(result.submitsPerToken),
    'readbacks/token': three(result.readbacksPerToken),
    'bytes up/token': three(result.uploadedBytesPerToken),
  };
}

/** Three digits, without an exponent. */
export function three(value: number): string {
  return String(Number(value.toPrecision(3)));
}
