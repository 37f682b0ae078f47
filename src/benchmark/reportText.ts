import { deviation } from './numbers';
import type { BenchmarkCase, BenchmarkReport } from '../../workers/protocol/benchmark';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { KernelReport } from '../../workers/protocol/kernels';

/** A report as plain English text to paste somewhere, and behind it the same as JSON for programs. */
export function reportText(report: BenchmarkReport, userAgent: string): string {
  const { diagnostics, copyGigabytesPerSecond, peakGigaflops } = report;
  const lines = [
    'MiniCPM in the browser: benchmark',
    `measured: ${report.measuredAt}`,
    `browser: ${userAgent}`,
    ...deviceLines(diagnostics),
    `copy bandwidth: ${copyGigabytesPerSecond === null ? 'not measured' : `${three(copyGigabytesPerSecond)} GB/s`}`,
    `f32 multiply-add rate: ${peakGigaflops === null ? 'not measured' : `${three(peakGigaflops)} GFLOP/s`}`,
  ];
  for (const shape of report.shapes) {
    const memory = `${three(shape.gpuBytes / 1e6)} MB with room for ${shape.contextLength} tokens in ${shape.kvCache}`;
    lines.push('', `${shape.shape} (${shape.model}, ${three(shape.parameters / 1e6)} M parameters), ${memory}:`);
    lines.push(...shape.cases.map(caseLine), ...shape.kernels.map(kernelLine));
    if (shape.kernelChoiceMs !== null) lines.push(`  kernels chosen in: ${three(shape.kernelChoiceMs)} ms`);
  }
  return `${lines.join('\n')}\n\n${JSON.stringify(report)}\n`;
}

/** A kernel variant on a line of its own, with its state. */
export function kernelLine({ name, state, reason, isBatchExact }: KernelReport): string {
  const remarks = [reason, isBatchExact === false && 'a batch of rows differs from single rows: no drafts'].filter(
    Boolean,
  );
  return `  kernel ${state}: ${name}${remarks.length > 0 ? ` (${remarks.join('; ')})` : ''}`;
}

/** What computes, its features, and the limits that decide what runs. */
export function deviceLines({ backend, adapter, isSoftwareAdapter, features, limits }: Diagnostics): string[] {
  const names = adapter ? [adapter.vendor, adapter.architecture, adapter.device, adapter.description] : [];
  const adapterName = names.filter(Boolean).join(', ') || 'none';
  return [
    `computes on: ${backend}`,
    `adapter: ${adapterName}${isSoftwareAdapter ? ' (software)' : ''}`,
    `features: ${features.join(' ') || 'none'}`,
    `limits: ${KEY_LIMITS.map((name) => `${name} ${limits[name] ?? '?'}`).join(', ')}`,
  ];
}

/** The limits that decide what models and kernels run. */
const KEY_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;

function caseLine({ kind, tokens, result }: BenchmarkCase): string {
  const head = `  ${kind} ${tokens}:`;
  if (result.state !== 'measured') return `${head} ${result.state} (${result.detail})`;
  const off = deviation(result);
  const parts = [
    `${three(result.tokensPerSecond)} tokens/s${off === null ? '' : ` ± ${three(100 * off)} %`}`,
    `first token after ${three(result.firstTokenSeconds)} s`,
    ...rate(result.gigabytesPerSecond, 'GB/s', result.shareOfBandwidth, 'copy bandwidth'),
    ...rate(result.gigaflops, 'GFLOP/s', result.shareOfPeak, 'multiply-add rate'),
    `${three(result.dispatchesPerToken)} dispatches, ${three(result.submitsPerToken)} submits per token`,
  ];
  return `${head} ${parts.join(', ')}`;
}

function rate(value: number | null, unit: string, share: number | null, whole: string): string[] {
  if (value === null) return [];
  return [`${three(value)} ${unit}${share === null ? '' : ` (${three(100 * share)} % of ${whole})`}`];
}

/** Three digits, without an exponent. */
function three(value: number): string {
  return String(Number(value.toPrecision(3)));
}
