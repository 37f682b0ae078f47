import { describe, expect, test, vi } from 'vitest';
import type { EngineApi } from '../../workers/protocol/engine';
import { createEngine, Engine, Model, type ModelInfo } from './api';
import type { WorkerClient } from './client';

/** A worker that nothing may be asked of. */
const call = vi.fn(() => Promise.reject(new Error('the worker was called')));
const client: WorkerClient<EngineApi> = { call, isClosed: false, close: () => undefined };
const VOCABULARY = 100;

/** The public API as it looks without its types. */
type Untyped = Record<string, (...values: unknown[]) => unknown>;
const start = createEngine as unknown as (...values: unknown[]) => Promise<unknown>;
const engine = new Engine(client, {}) as unknown as Untyped;
const typedModel = new Model(client, 1, { id: 'm', vocabSize: VOCABULARY } as ModelInfo);
const model = typedModel as unknown as Untyped;
const create = typedModel.chat.completions.create as unknown as (...values: unknown[]) => Promise<unknown>;

const messages = [{ role: 'user', content: 'Hello' }];
const tokenIds = [1, 2];
const shown = (image_url: object) => ({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url }] }] });

const CALLS: Record<string, (...values: unknown[]) => unknown> = {
  createEngine: start,
  create,
  ...Object.fromEntries(
    [
      'importModel',
      'resumeImport',
      'repairModel',
      'verifyModel',
      'removeModel',
      'discardImport',
      'load',
      'benchmark',
    ].map((name) => [name, (...values: unknown[]) => engine[name]!(...values)]),
  ),
  ...Object.fromEntries(
    ['tokenize', 'detokenize', 'applyChatTemplate', 'forward', 'generate', 'inspectPicture'].map((name) => [
      name,
      (...values: unknown[]) => model[name]!(...values),
    ]),
  ),
};

/** Call, arguments, and what the error says of them. */
const REFUSED: [call: string, values: unknown[], message: string][] = [
  ['createEngine', [{ kernels: 'foo' }], "options.kernels is \"foo\"; it must be 'auto', 'f32', 'f16', "],
  ['createEngine', [{ backend: 'foo' }], "options.backend is \"foo\"; it must be 'auto', 'webgpu', 'cpu'."],
  [
    'createEngine',
    [{ bakend: 'cpu' }],
    'options has no option "bakend"; there are database, limits, features, backend',
  ],
  ['createEngine', ['int8'], 'options is "int8"; it must be an object.'],
  ['createEngine', [null], 'options is null; it must be an object.'],
  ['createEngine', [{ features: 'none' }], 'options.features is "none"; it must be \'all\'.'],
  ['createEngine', [{ features: [5] }], 'options.features[0] is 5; it must be a string.'],
  ['createEngine', [{ limits: 'most' }], "options.limits is \"most\"; it must be 'max', 'default'."],
  ['createEngine', [{ fusion: 1 }], 'options.fusion is 1; it must be true or false.'],
  ['createEngine', [{ database: '' }], 'options.database is ""; it must be a string that is not empty.'],
  ['importModel', [], 'source is undefined; it must be an object.'],
  ['importModel', [{ kind: 'wat' }], "source.kind is \"wat\"; it must be 'files', 'url', 'hub', 'bundled'."],
  ['importModel', [{ kind: 'url', url: 'https://a.example' }], 'source has no option "url"; there are kind, urls.'],
  ['importModel', [{ kind: 'url', urls: [] }], 'source.urls is []; it must be a list that is not empty.'],
  ['importModel', [{ kind: 'url' }], 'source.urls is undefined; it must be a list.'],
  ['importModel', [{ kind: 'files', files: ['a.gguf'] }], 'source.files[0] is "a.gguf"; it must be a File.'],
  ['importModel', [{ kind: 'bundled' }], 'source.name is undefined; it must be a string that is not empty.'],
  ['importModel', [{ kind: 'hub', repo: 'a/b', hub: {} }], 'source.hub.url is undefined'],
  ['importModel', [{ kind: 'hub', repo: 'a/b', hub: [5] }], 'source.hub[0] is 5; it must be an object.'],
  ['importModel', [{ kind: 'bundled', name: 'nano' }, { quantization: 'int3' }], 'options.quantization is "int3"'],
  ['importModel', [{ kind: 'bundled', name: 'nano' }, { onProgress: true }], 'options.onProgress is true'],
  ['importModel', [{ kind: 'bundled', name: 'nano' }, { signal: {} }], 'options.signal is {}'],
  ['importModel', [{ kind: 'bundled', name: 'nano' }, { transfer: { attempts: 0 } }], 'options.transfer.attempts is 0'],
  ['resumeImport', [], 'id is undefined'],
  ['resumeImport', ['m', { quantization: 'int4' }], 'options has no option "quantization"'],
  ['repairModel', ['m', { source: {} }], 'options.source.kind is undefined'],
  ['verifyModel', [], 'id is undefined'],
  ['verifyModel', ['m', { token: 'x' }], 'options has no option "token"'],
  ['removeModel', [5], 'id is 5; it must be a string that is not empty.'],
  ['discardImport', [''], 'id is ""'],
  ['load', [], 'id is undefined; it must be a string that is not empty.'],
  ['load', ['m', { kvCache: 'q2' }], "options.kvCache is \"q2\"; it must be 'auto', 'f32', 'f16', 'int8'."],
  ['load', ['m', { sharing: 'foo' }], "options.sharing is \"foo\"; it must be 'shared', 'exclusive'."],
  ['load', ['m', { contextLength: 0 }], 'options.contextLength is 0; it must be a whole number of 1 or more.'],
  ['load', ['m', { context: 512 }], 'options has no option "context"'],
  ['benchmark', [{ shapes: ['3B'] }], 'options.shapes[0] is "3B"'],
  ['benchmark', [{ prefill: [0] }], 'options.prefill[0] is 0'],
  ['benchmark', [{ secondsPerCase: -1 }], 'options.secondsPerCase is -1; it must be a number above 0.'],
  ['create', [], 'request is undefined; it must be an object.'],
  ['create', [{}], 'request.messages is undefined; it must be a list.'],
  ['create', [{ messages: 'hi' }], 'request.messages is "hi"; it must be a list.'],
  ['create', [{ messages: [] }], 'request.messages is []; it must be a list that is not empty.'],
  ['create', [{ messages: ['hi'] }], 'request.messages[0] is "hi"; it must be an object.'],
  ['create', [{ messages: [{ role: 'me', content: '' }] }], 'request.messages[0].role is "me"'],
  ['create', [{ messages: [{ role: 'user' }] }], 'request.messages[0].content is undefined'],
  ['create', [shown({})], 'request.messages[0].content[0].image_url.url is undefined; it must be a string.'],
  ['create', [shown({ url: 'data:,', detail: 'x' })], "image_url.detail is \"x\"; it must be 'auto', 'low', 'high'."],
  ['create', [shown({ url: 'data:,', max_slices: 0 })], 'image_url.max_slices is 0; it must be a whole number of 1'],
  ['inspectPicture', ['data:,'], 'picture is "data:,"; it must be a Blob.'],
  ['create', [{ messages, stop: 5 }], 'request.stop is 5; it must be a list.'],
  ['create', [{ messages, stop: [5] }], 'request.stop[0] is 5; it must be a string.'],
  ...[-3, 0, NaN, 'x', 1.5].map((value): [string, unknown[], string] => [
    'create',
    [{ messages, max_tokens: value }],
    `request.max_tokens is ${typeof value === 'string' ? '"x"' : value}; it must be a whole number of 1 or more.`,
  ]),
  ['create', [{ messages, temperature: -1 }], 'request.temperature is -1; it must be a number of 0 or more.'],
  ['create', [{ messages, top_p: 2 }], 'request.top_p is 2; it must be a number from 0 to 1.'],
  ['create', [{ messages, repetition_penalty: 0 }], 'request.repetition_penalty is 0; it must be a number above 0.'],
  ['create', [{ messages, seed: '7' }], 'request.seed is "7"; it must be a number.'],
  ['create', [{ messages, context_overflow: 'drop' }], 'request.context_overflow is "drop"'],
  ['create', [{ messages, stream: 'yes' }], 'request.stream is "yes"; it must be true or false.'],
  ['generate', [{}], 'input is {}; it must be an object with tokenIds or prompt.'],
  ['generate', [], 'input is undefined; it must be an object with tokenIds or prompt.'],
  ['generate', [{ prompt: 5 }], 'input.prompt is 5; it must be a string.'],
  ['generate', [{ tokenIds, prompt: 'x' }], 'input has no option "prompt"; there are tokenIds.'],
  ['generate', [{ tokenIds: [VOCABULARY] }], 'input.tokenIds[0] is 100; it must be a whole number from 0 to 99.'],
  ['generate', [{ tokenIds: [] }], 'input.tokenIds is []; it must be a list that is not empty.'],
  ['generate', [{ tokenIds }, { max_token: 5 }], 'options has no option "max_token"'],
  ['forward', [{}], 'input is {}; it must be an object with tokenIds or messages.'],
  ['forward', [{ messages: [] }], 'input.messages is []'],
  ['forward', [{ tokenIds }, { positions: 'x' }], "options.positions is \"x\"; it must be 'last', 'all'."],
  ['tokenize', [5], 'text is 5; it must be a string.'],
  ['tokenize', ['x', { addSpecial: true }], 'options has no option "addSpecial"; there are addSpecialTokens.'],
  ['detokenize', [[-1]], 'tokenIds[0] is -1; it must be a whole number from 0 to 99.'],
  ['detokenize', ['x'], 'tokenIds is "x"; it must be a list.'],
  ['applyChatTemplate', ['hi'], 'messages is "hi"; it must be a list.'],
  ['applyChatTemplate', [messages, 5], 'options is 5; it must be an object.'],
];

test.each(REFUSED)('%s refuses %j', async (name, values, message) => {
  const error = await Promise.resolve()
    .then(() => CALLS[name]!(...values))
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(RangeError);
  expect((error as RangeError).message).toContain(message);
  expect(call).not.toHaveBeenCalled();
});

describe('what makes sense reaches the worker', () => {
  const whole = { messages, max_tokens: 5, stop: 'x', model: 'any', signal: new AbortController().signal };
  const passes: [call: string, values: unknown[]][] = [
    ['load', ['m', { contextLength: 9, kvCache: 'int8', sharing: 'exclusive', onProgress: () => undefined }]],
    ['benchmark', [{ shapes: ['nano'], prefill: [], decode: [128], secondsPerCase: 0.5 }]],
    ['create', [{ ...whole, temperature: undefined, context_overflow: 'drop_oldest', enable_thinking: false }]],
    ['create', [{ messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }]],
    ['create', [shown({ url: 'data:,', detail: 'low', max_slices: 1 })]],
    ['create', [{ messages, n: 1, tools: [], onPictures: () => undefined }]],
    ['inspectPicture', [new Blob()]],
    ['detokenize', [[], { skipSpecialTokens: true }]],
    ['forward', [{ tokenIds }, { positions: 'all' }]],
    ['tokenize', ['']],
  ];
  test.each(passes)('%s %j', async (name, values) => {
    await expect(CALLS[name]!(...values)).rejects.toThrow('the worker was called');
  });
});
