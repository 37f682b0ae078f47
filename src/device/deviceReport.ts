import { deviceLines, kernelLine } from '../benchmark/reportText';
import type { Failure } from '../engine/failure';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { KernelReport } from '../../workers/protocol/kernels';
import type { ModelInfo } from '../../workers/protocol/model';

/** What the page knows around the device. */
export interface Surroundings {
  /** ISO 8601. */
  time: string;
  userAgent: string;
  languages: readonly string[];
  /** Width, height and pixels per CSS pixel. */
  screen: readonly [number, number, number];
  cores: number | null;
  isInstalled: boolean;
}

export interface PageState {
  diagnostics: Diagnostics;
  /** Those of the loaded model or of the last benchmark, else those expected. */
  kernels: readonly KernelReport[];
  models: readonly ModelInfo[];
  loadedId: string | null;
  error: Failure | null;
}

/** Everything about device and page that helps with a bug, as plain English text; nothing of what was written. */
export function deviceReport(surroundings: Surroundings, state: PageState): string {
  const { time, userAgent, languages, screen, cores, isInstalled } = surroundings;
  const { diagnostics, kernels, models, loadedId, error } = state;
  const [width, height, density] = screen;
  return [
    'MiniCPM in the browser: device',
    `time: ${time}`,
    `browser: ${userAgent}`,
    `languages: ${languages.join(', ')}`,
    `screen: ${width} × ${height}, ${density} pixels per point`,
    `cores: ${cores ?? 'not told'}`,
    `opened: ${isInstalled ? 'installed' : 'in a browser'}`,
    ...deviceLines(diagnostics),
    ...(diagnostics.unavailable ? [`no WebGPU because: ${diagnostics.unavailable}`] : []),
    `memory: ${diagnostics.deviceMemoryGiB === null ? 'not told' : `${diagnostics.deviceMemoryGiB} GiB or more`}`,
    `storage: ${storageWords(diagnostics)}`,
    ...(diagnostics.kernelChoiceMs === null ? [] : [`kernels chosen in: ${Math.round(diagnostics.kernelChoiceMs)} ms`]),
    ...kernels.map((kernel) => kernelLine(kernel).trim()),
    ...models.map((model) => modelLine(model, model.id === loadedId)),
    ...(error ? [`last error: ${error.name}: ${error.detail}`] : []),
    '',
  ].join('\n');
}

function storageWords({ storage }: Diagnostics): string {
  if (!storage) return 'not told';
  const { usedBytes, quotaBytes, isPersistent } = storage;
  return `${usedBytes} of ${quotaBytes} bytes used, ${isPersistent ? 'to be kept' : 'may be cleared'}`;
}

function modelLine({ id, architecture, quantization, bytes, source }: ModelInfo, isLoaded: boolean): string {
  return `model ${isLoaded ? 'loaded' : 'stored'}: ${id} (${architecture}, ${quantization}, ${bytes} bytes, ${source.kind})`;
}
