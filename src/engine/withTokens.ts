import type { Hub, ModelSource } from '../../workers/protocol/source';

/** A source whose hubs have the tokens that `tokenFor` knows for their URLs; where it knows none, a hub keeps its own. */
export function withTokens(source: ModelSource, tokenFor: (url: string) => string | undefined): ModelSource {
  if (source.kind !== 'hub' || !source.hub) return source;
  const hubs = Array.isArray(source.hub) ? source.hub : [source.hub];
  const withToken = (given: string | Hub): Hub => {
    const hub = typeof given === 'string' ? { url: given } : given;
    const token = tokenFor(hub.url);
    return token === undefined ? hub : { ...hub, token };
  };
  return { ...source, hub: hubs.map(withToken) };
}
