import type { Page } from '@playwright/test';
import type { EngineOptions, LoadOptions } from '../src/engine/api';
import { expect, test } from './fixtures';

/**
 * The public JavaScript API of the built app: shapes, invariants, and every error by its name. @gpu needs WebGPU, @cpu is
 * the same whatever computes.
 */

async function loadNano(page: Page, options: EngineOptions = {}, load: LoadOptions = {}): Promise<void> {
  await page.evaluate(
    async ([options, load]) => {
      window.engine = await window.createEngine(options);
      await window.engine.importModel({ kind: 'bundled', name: 'nano' });
      window.model = await window.engine.load('nano', load);
    },
    [options, load] as const,
  );
}

/** The name of the error that `work` rejects with in the page, or null. */
function errorName(page: Page, work: () => Promise<unknown>): Promise<string | null> {
  return page.evaluate(`(${work.toString()})().then(() => null, (error) => error.name)`);
}

test('chat completions have the shape of OpenAI, streaming or not', { tag: '@gpu' }, async ({ enginePage: page }) => {
  await loadNano(page);
  const { whole, chunks } = await page.evaluate(async () => {
    const request = { messages: [{ role: 'user' as const, content: 'What is 2 + 2?' }], temperature: 0 };
    const whole = await window.model.chat.completions.create({ ...request, logprobs: true, top_logprobs: 2 });
    const chunks = [];
    for await (const chunk of await window.model.chat.completions.create({ ...request, stream: true }))
      chunks.push(chunk);
    return { whole, chunks };
  });
  const { message, finish_reason, logprobs } = whole.choices[0]!;
  expect(message).toEqual({ role: 'assistant', content: expect.stringContaining('4') });
  expect(finish_reason).toBe('stop');
  expect(logprobs!.content[0]!.top_logprobs).toHaveLength(2);
  expect(whole.usage.completion_tokens).toBeGreaterThan(0);
  expect(chunks.map(({ choices }) => choices[0]!.delta.content ?? '').join('')).toBe(message.content);
  expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('stop');
  // The same question again: all but its last token is still in the cache.
  expect(chunks.at(-1)!.usage!.cached_tokens).toBe(whole.usage.prompt_tokens - 1);
});

test(
  'a turn more, another answer and an edited question compute only what is new',
  { tag: '@cpu' },
  async ({ enginePage: page }) => {
    await loadNano(page);
    const { turns, fresh } = await page.evaluate(async () => {
      type Messages = Parameters<typeof window.model.applyChatTemplate>[0];
      const said = (role: 'user' | 'assistant', content: string) => ({ role, content });
      const ask = async (messages: Messages) => {
        const before = await window.model.stats();
        const { choices, usage } = await window.model.chat.completions.create({ messages, temperature: 0 });
        const after = await window.model.stats();
        return {
          text: choices[0]!.message.content,
          usage,
          prefilled: after.prefillTokens - before.prefillTokens,
          reused: after.prefixTokensReused - before.prefixTokensReused,
        };
      };
      const question = [said('user', 'What is 27 + 15?')];
      const first = await ask(question);
      const conversation = [...question, said('assistant', first.text)];
      const second = await ask([...conversation, said('user', 'What is the capital of France?')]);
      const regenerated = await ask([...conversation, said('user', 'What is the capital of France?')]);
      const edited = await ask([...conversation, said('user', 'What is the capital of Japan?')]);
      await window.model.unload();
      window.model = await window.engine.load('nano');
      const fresh = await ask([...conversation, said('user', 'What is the capital of Japan?')]);
      return { turns: { first, second, regenerated, edited }, fresh };
    });
    const { first, second, regenerated, edited } = turns;
    for (const { usage, prefilled, reused } of Object.values(turns)) {
      expect(usage.cached_tokens).toBe(reused);
      expect(prefilled + reused).toBe(usage.prompt_tokens);
      expect(usage.first_token_seconds).toBeGreaterThanOrEqual(usage.prefill_seconds);
      expect(usage).toMatchObject({ dropped_messages: 0, context_full: false });
    }
    expect(first.reused).toBe(0);
    // The token that ended the answer is never fed back, and no part of the next prompt.
    expect(second.reused).toBe(first.usage.total_tokens - 1);
    expect(second.text).toContain('Paris');
    expect(regenerated.prefilled).toBe(1);
    expect(regenerated.text).toBe(second.text);
    expect(edited.reused).toBeGreaterThan(second.reused);
    expect(edited.text).toContain('Tokyo');
    expect(fresh.reused).toBe(0);
    expect(fresh.text).toBe(edited.text);
  },
);

test(
  'a conversation that outgrows the context is refused, or loses its oldest turns',
  { tag: '@cpu' },
  async ({ enginePage: page }) => {
    await loadNano(page, {}, { contextLength: 320 });
    const { refusal, answers, alone } = await page.evaluate(async () => {
      const messages: Parameters<typeof window.model.applyChatTemplate>[0] = [];
      const { create } = window.model.chat.completions;
      const refused = (request: Parameters<typeof create>[0]) =>
        create(request).then(
          () => null,
          (error: Error) => error.name,
        );
      const answers = [];
      for (let i = 7; i < 25; i++) {
        messages.push({ role: 'user', content: `What is ${i} + ${i}?` });
        const { choices, usage } = await create({ messages, temperature: 0, context_overflow: 'drop_oldest' });
        messages.push({ role: 'assistant', content: choices[0]!.message.content });
        answers.push({ content: choices[0]!.message.content, sum: String(2 * i), usage });
      }
      messages.push({ role: 'user', content: 'What is 2 + 2? '.repeat(50) });
      return {
        answers,
        refusal: await refused({ messages: messages.slice(0, -1) }),
        alone: await refused({ messages, context_overflow: 'drop_oldest' }),
      };
    });
    expect(refusal).toBe('ContextFullError');
    expect(alone).toBe('ContextFullError');
    for (const { content, sum, usage } of answers) {
      expect(content).toContain(sum);
      expect(usage.context_full).toBe(false);
    }
    const dropped = answers.map(({ usage }) => usage.dropped_messages);
    expect(dropped).toEqual([...dropped].sort((a, b) => a - b));
    expect(dropped.at(-1)).toBeGreaterThan(10);
    // A step is a quarter of what a prompt may take, here some two turns; between two steps the cache is kept.
    expect(new Set(dropped).size).toBeLessThanOrEqual(answers.length / 2);
    const kept = answers.filter(({ usage }, i) => i > 0 && usage.dropped_messages === dropped[i - 1]);
    for (const { usage } of kept) expect(usage.prompt_tokens - usage.cached_tokens).toBeLessThan(30);
  },
);

test('prefill of n tokens equals prefill of k and decoding the rest', { tag: '@gpu' }, async ({ enginePage: page }) => {
  await loadNano(page, {}, { kvCache: 'f32' });
  const worst = await page.evaluate(async () => {
    const { model } = window;
    const tokenIds = await model.tokenize('你好。What is the capital of France? 一二三四五六七八九十');
    const whole = await model.forward({ tokenIds }, { positions: 'all' });
    // Logits after each prefix, each computed from a cache that already holds the shorter one.
    let largest = 0;
    let compared = 0;
    for (let k = 1; k <= tokenIds.length; k++) {
      const options = { max_tokens: 1, temperature: 0, logprobs: true, ignore_eos: true, repetition_penalty: 1 };
      for await (const { tokenId, logprob } of model.generate({ tokenIds: tokenIds.slice(0, k) }, options)) {
        const row = whole.logits.subarray((k - 1) * whole.vocabSize, k * whole.vocabSize);
        const sum = row.reduce((total, logit) => total + Math.exp(logit - row[tokenId]!), 0);
        largest = Math.max(largest, Math.abs(logprob! + Math.log(sum)));
        compared++;
      }
    }
    return { largest, missing: tokenIds.length - compared };
  });
  expect(worst.largest).toBeLessThan(1e-4);
  expect(worst.missing).toBe(0);
});

test('a seed reproduces an answer; a stop string ends it', { tag: '@gpu' }, async ({ enginePage: page }) => {
  await loadNano(page);
  const [first, second, stopped] = await page.evaluate(async () => {
    const say = async (extra: object) => {
      const messages = [{ role: 'user' as const, content: 'Who are you?' }];
      const { choices } = await window.model.chat.completions.create({ messages, max_tokens: 24, ...extra });
      return choices[0]!.message.content;
    };
    const warm = { temperature: 1.5, seed: 7, ignore_eos: true };
    return [await say(warm), await say(warm), await say({ temperature: 0, stop: ' am' })];
  });
  expect(first).toBe(second);
  expect(stopped).toBe('I');
});

test(
  'a decoded token costs five dispatches per layer and one submit, and creates nothing',
  { tag: '@gpu' },
  async ({ enginePage: page }) => {
    await loadNano(page);
    const { before, after, backend } = await page.evaluate(async () => {
      const generate = async (max_tokens: number) => {
        const options = { max_tokens, temperature: 0, ignore_eos: true, prompt_lookup: false };
        for await (const _ of window.model.generate({ prompt: 'What is 2 + 2?' }, options));
        return window.model.stats();
      };
      // The first run computes the prompt; the second reuses it, but for its last token.
      return {
        before: await generate(1),
        after: await generate(17),
        backend: (await window.engine.diagnostics()).backend,
      };
    });
    const steps = 17;
    expect(after.decodeTokens - before.decodeTokens).toBe(steps - 1);
    expect(after.submits - before.submits).toBe(steps);
    expect(after.readbacks - before.readbacks).toBe(steps);
    expect(after.gpuObjectsCreated).toBe(before.gpuObjectsCreated);
    expect(backend).toBe('webgpu');
    const NANO_LAYERS = 5;
    expect((after.dispatches - before.dispatches) / steps).toBeLessThanOrEqual(5 * NANO_LAYERS + 8);
  },
);

test(
  'two imports of one model store identical chunks, and verify finds them whole',
  { tag: '@cpu' },
  async ({ enginePage: page }) => {
    const hashes = await page.evaluate(async () => {
      const engine = await window.createEngine();
      const read = async (id: string) => {
        await engine.importModel({ kind: 'bundled', name: 'nano' }, { id });
        const { ok } = await engine.verifyModel(id);
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const request = indexedDB.open('minicpm-weights');
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        const store = database.transaction(database.objectStoreNames[0]!).objectStore(database.objectStoreNames[0]!);
        const manifest = await new Promise<{ tensors: unknown }>((resolve) => {
          const request = store.get(['manifest', id]);
          request.onsuccess = () => resolve(request.result as { tensors: unknown });
        });
        database.close();
        return { ok, tensors: JSON.stringify(manifest.tensors) };
      };
      return [await read('one'), await read('two')];
    });
    expect(hashes[0]!.ok).toBe(true);
    expect(hashes[0]!.tensors).toMatch(/[0-9a-f]{64}/);
    expect(hashes[1]).toEqual(hashes[0]);
  },
);

test(
  'a checkpoint is imported from a URL, and keeps its tokenizer, template and defaults',
  { tag: '@cpu' },
  async ({ enginePage: page }) => {
    const { info, prompt, ids, text } = await page.evaluate(async () => {
      const engine = await window.createEngine();
      const { id } = await engine.importModel({
        kind: 'url',
        urls: [new URL('models/nano/config.json', location.href).href],
      });
      const model = await engine.load(id);
      const prompt = await model.applyChatTemplate([{ role: 'user', content: '你好' }]);
      const ids = await model.tokenize('你好 hello 😀');
      return { info: model.info, prompt, ids, text: await model.detokenize(ids, { skipSpecialTokens: true }) };
    });
    expect(info).toMatchObject({ name: 'nano', architecture: 'minicpm', vision: true, source: { kind: 'url' } });
    expect(info.sampling.temperature).toBe(0);
    expect(prompt).toBe('<用户>你好<AI>');
    expect(ids[0]).toBe(1);
    expect(text).toBe('你好 hello 😀');
  },
);

test(
  'diagnostics tell which kernels compute, and the next visit remembers',
  { tag: '@gpu' },
  async ({ enginePage: page }) => {
    const kernels = async () => {
      const { kernels } = await page.evaluate(() => window.engine.diagnostics());
      return Object.fromEntries(kernels.map(({ name, state }) => [name, state]));
    };
    await page.evaluate(async () => void (window.engine = await window.createEngine()));
    expect((await kernels())['matvec f32']).toBe('available');
    await page.evaluate(() => window.engine.dispose());
    await loadNano(page);
    // What a software adapter does: see ARCHITECTURE.md.
    const loaded = await kernels();
    expect(loaded).toMatchObject({ 'matvec f32': 'active', 'matmul f32': 'active', 'matvec int8': 'refused' });
    await page.evaluate(async () => {
      await window.engine.dispose();
      window.engine = await window.createEngine();
    });
    expect(await kernels()).toEqual(loaded);
  },
);

test(
  'a kernel variant can be forced, and is refused where the device may not run it',
  { tag: '@gpu' },
  async ({ enginePage: page }) => {
    await loadNano(page, { kernels: 'int8' });
    const active = await page.evaluate(async () => {
      const { kernels } = await window.engine.diagnostics();
      return kernels.filter(({ state }) => state === 'active').map(({ variant }) => variant);
    });
    expect(active).toEqual(['int8', 'int8']);
    await page.evaluate(async () => {
      await window.engine.dispose();
      window.engine = await window.createEngine({ kernels: 'int8', features: [] });
    });
    expect(await errorName(page, () => window.engine.load('nano'))).toBe('UnsupportedError');
  },
);

test(
  'the benchmark measures made-up models, tells how far it is, and ends early when it is asked to',
  { tag: '@gpu' },
  async ({ enginePage: page }) => {
    const { whole, stopped, steps } = await page.evaluate(async () => {
      const engine = await window.createEngine();
      const steps: string[] = [];
      const request = { prefill: [8], decode: [8], secondsPerCase: 5 };
      const whole = await engine.benchmark({ ...request, onProgress: ({ phase }) => steps.push(phase) });
      const stop = new AbortController();
      const onProgress = ({ phase }: { phase: string }) => phase === 'case' && stop.abort();
      return { whole, steps, stopped: await engine.benchmark({ ...request, onProgress, signal: stop.signal }) };
    });
    expect(steps).toEqual(['device', 'setup', 'case', 'case']);
    expect(whole.copyGigabytesPerSecond).toBeGreaterThan(0);
    expect(whole.peakGigaflops).toBeGreaterThan(0);
    const [nano] = whole.shapes;
    expect(nano!.cases.map(({ kind, tokens, result }) => [kind, tokens, result.state])).toEqual([
      ['prefill', 8, 'measured'],
      ['decode', 8, 'measured'],
    ]);
    expect(stopped.shapes[0]!.cases.map(({ result }) => result.state)).toContain('stopped');
  },
);

test.describe('errors by name', () => {
  test(
    'ModelNotFoundError, NetworkError, AbortError, ContextFullError, UnsupportedError',
    { tag: '@cpu' },
    async ({ enginePage: page }) => {
      await loadNano(page, {}, { contextLength: 16 });
      expect(await errorName(page, () => window.engine.load('nothing'))).toBe('ModelNotFoundError');
      expect(
        await errorName(page, () =>
          window.engine.importModel({ kind: 'url', urls: [new URL('missing.gguf', location.href).href] }),
        ),
      ).toBe('NetworkError');
      expect(
        await errorName(page, () => {
          const controller = new AbortController();
          const done = window.engine.importModel(
            { kind: 'bundled', name: 'nano' },
            { id: 'other', signal: controller.signal },
          );
          controller.abort();
          return done;
        }),
      ).toBe('AbortError');
      expect(
        await errorName(page, () =>
          window.model.chat.completions.create({ messages: [{ role: 'user', content: 'one two three '.repeat(20) }] }),
        ),
      ).toBe('ContextFullError');
      expect(
        await errorName(page, () =>
          window.engine.importModel({
            kind: 'files',
            files: [new File(['{"architectures":["Qwen2ForCausalLM"]}'], 'config.json')],
          }),
        ),
      ).toBe('UnsupportedError');
    },
  );

  test('InvalidFileError for a file that is no model', { tag: '@cpu' }, async ({ enginePage: page }) => {
    await page.evaluate(async () => void (window.engine = await window.createEngine()));
    expect(
      await errorName(page, () =>
        window.engine.importModel({ kind: 'files', files: [new File(['not a model'], 'broken.gguf')] }),
      ),
    ).toBe('InvalidFileError');
    expect(await page.evaluate(() => window.engine.listModels())).toEqual([]);
  });

  test(
    'ModelCorruptError for a stored chunk that is gone, and verify names it',
    { tag: '@cpu' },
    async ({ enginePage: page }) => {
      await loadNano(page);
      await page.evaluate(async () => {
        await window.model.unload();
        const database = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open('minicpm-weights');
          request.onsuccess = () => resolve(request.result);
        });
        const transaction = database.transaction(database.objectStoreNames[0]!, 'readwrite');
        const store = transaction.objectStore(database.objectStoreNames[0]!);
        const keys = await new Promise<IDBValidKey[]>((resolve) => {
          const request = store.getAllKeys(IDBKeyRange.bound(['chunk'], ['chunk', []]));
          request.onsuccess = () => resolve(request.result);
        });
        store.delete(keys[3]!);
        await new Promise((resolve) => (transaction.oncomplete = resolve));
        database.close();
      });
      expect(await errorName(page, () => window.engine.load('nano'))).toBe('ModelCorruptError');
      const { ok, badChunks } = await page.evaluate(() => window.engine.verifyModel('nano'));
      expect(ok).toBe(false);
      expect(badChunks).toHaveLength(1);
    },
  );

  test('StorageFullError where the quota is too small', { tag: '@cpu' }, async ({ enginePage: page, context }) => {
    const session = await context.newCDPSession(page);
    const origin = new URL(page.url()).origin;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 300_000 });
    await page.evaluate(async () => void (window.engine = await window.createEngine()));
    expect(await errorName(page, () => window.engine.importModel({ kind: 'bundled', name: 'nano' }))).toBe(
      'StorageFullError',
    );
    expect(await page.evaluate(() => window.engine.listModels())).toEqual([]);
  });

  test('OutOfMemoryError for a context that the device cannot hold', { tag: '@gpu' }, async ({ enginePage: page }) => {
    const name = await errorName(page, async () => {
      const engine = await window.createEngine();
      const file = async (name: string) => new File([await (await fetch(`models/nano/${name}`)).blob()], name);
      const config = JSON.parse(await (await file('config.json')).text()) as Record<string, unknown>;
      config.max_position_embeddings = 1 << 24;
      const files = [new File([JSON.stringify(config)], 'config.json'), await file('model.safetensors')];
      const { id } = await engine.importModel({ kind: 'files', files }, { id: 'endless' });
      await engine.load(id, { contextLength: 1 << 24 });
    });
    expect(name).toBe('OutOfMemoryError');
  });

  test(
    'DeviceLostError when the GPU process goes away, and the model loads again',
    { tag: '@gpu' },
    async ({ enginePage: page, browser }) => {
      await loadNano(page);
      const devtools = await browser.newBrowserCDPSession();
      await devtools.send('Browser.crashGpuProcess');
      expect(await errorName(page, () => window.model.forward({ tokenIds: [5] }))).toBe('DeviceLostError');
      await expect(async () => {
        const positions = await page.evaluate(async () => {
          window.model = await window.engine.load('nano');
          return (await window.model.forward({ tokenIds: [5] })).positions;
        });
        expect(positions).toBe(1);
      }).toPass();
    },
  );
});
