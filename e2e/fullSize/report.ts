import type { FormatFigures } from './measure';

const MB = 1e6;

interface Row {
  what: string;
  value: number;
  unit: string;
  /** What it must not exceed, or, for rates, not fall below. */
  limit?: { most: number } | { least: number };
}

/** Every figure of one format beside the limit that it has. */
export function rowsOf({ format, imported, loads, rates }: FormatFigures): Row[] {
  const rows: Row[] = [
    { what: 'import, source', value: imported.sourceBytes / imported.seconds / MB, unit: 'MB/s' },
    { what: 'import, heap of page and workers', value: imported.peaks.heap / MB, unit: 'MB', limit: { most: 200 } },
    {
      what: 'import, renderer and GPU processes',
      value: imported.peaks.processes / MB,
      unit: 'MB',
      limit: { most: 600 },
    },
    { what: 'import, longest time between reports', value: imported.longestSilenceMs, unit: 'ms' },
    { what: 'import, longest frame of the page', value: imported.longestFrameMs, unit: 'ms' },
    { what: 'import, long tasks of the page', value: imported.longTasks, unit: '' },
    { what: 'packed', value: imported.bytes / MB, unit: 'MB' },
    ratio('storage, by the browser’s estimate', imported.storageBytes, imported.bytes),
    ratio('storage, files on disk', imported.diskBytes, imported.bytes),
    { what: 'chunks read from IndexedDB', value: rates.read / MB, unit: 'MB/s', limit: { least: 300 } },
    { what: 'chunks hashed', value: rates.hash / MB, unit: 'MB/s' },
  ];
  for (const load of loads) {
    const name = `load (limits ${load.limits})`;
    const beyondWeights = (processes: number) => (processes - load.weightBytes) / MB;
    rows.push(
      { what: `${name}, heap of page and workers`, value: load.loadPeaks.heap / MB, unit: 'MB', limit: { most: 100 } },
      {
        what: `${name}, processes without weights`,
        value: beyondWeights(load.loadPeaks.processes),
        unit: 'MB',
        limit: { most: 600 },
      },
      {
        what: `${name}, the same while decoding`,
        value: beyondWeights(load.decodePeaks.processes),
        unit: 'MB',
        limit: { most: 600 },
      },
      { what: `${name}, cache and activations in it`, value: (load.gpuBytes - load.weightBytes) / MB, unit: 'MB' },
      { what: `${name}, largest binding`, value: load.mostBindingBytes / 2 ** 20, unit: 'MiB' },
      { what: `${name}, from storage to device`, value: load.weightBytes / load.streamingSeconds / MB, unit: 'MB/s' },
      { what: `${name}, seconds`, value: load.seconds, unit: 's' },
      { what: `${name}, tokens decoded`, value: load.decoded.tokenIds.length, unit: '', limit: { least: 2 } },
      { what: `${name}, seconds for them`, value: load.decoded.seconds, unit: 's' },
    );
  }
  return rows.map((row) => ({ ...row, what: `${format}: ${row.what}` }));
}

/** A line of Markdown for each row. */
export function tableOf(rows: Row[]): string {
  const lines = rows.map(({ what, value, unit, limit }) => {
    const shown = `${Number(value.toPrecision(4))} ${unit}`.trim();
    const bound = !limit ? '' : 'most' in limit ? `≤ ${limit.most}` : `≥ ${limit.least}`;
    return `| ${what} | ${shown} | ${bound}${isMet({ limit, value }) ? '' : ' **missed**'} |`;
  });
  return ['| figure | measured | limit |', '| --- | ---: | --- |', ...lines].join('\n');
}

/** Whether a value keeps its limit. */
export function isMet({ limit, value }: Pick<Row, 'limit' | 'value'>): boolean {
  if (!limit) return true;
  return 'most' in limit ? value <= limit.most : value >= limit.least;
}

function ratio(what: string, bytes: number, packed: number): Row {
  return { what: `${what}, of packed`, value: bytes / packed, unit: '×', limit: { most: 1.03 } };
}
