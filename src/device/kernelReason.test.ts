import { expect, test } from 'vitest';
import { kernelReason } from './kernelReason';
import { zh } from '../i18n/zh';
import type { KernelReport } from '../../workers/protocol/kernels';

const sentences = zh.benchmark.reasons;
const report: KernelReport = { name: 'matvec f16', state: 'refused', reason: 'needs shader-f16' };

test('a reason is said in the language of the page', () => {
  const said = kernelReason({ ...report, because: { code: 'missing-features', names: 'shader-f16' } }, sentences);
  expect(said).toBe(sentences['missing-features'].replace('{names}', 'shader-f16'));
});

test('what another version has remembered under a code of its own is said as it was remembered', () => {
  const remembered = JSON.stringify({ ...report, because: { code: 'less-exact', names: 'f32' } });
  expect(kernelReason(JSON.parse(remembered), sentences)).toBe('needs shader-f16');
});

test('a report without a reason says nothing', () => {
  expect(kernelReason({ name: 'matvec f32', state: 'active' }, sentences)).toBe('');
});
