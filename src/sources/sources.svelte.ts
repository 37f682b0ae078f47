import { recall, remember } from '../app/remembered';
import type { Site, SourceChoice } from './hubs';
import { originOf, parseSiteUrl, sitesOf } from './hubs';
import { rememberedTokens, rememberTokens, type Tokens } from './tokens';

/** Where models come from and what the sites are shown there, as the person has chosen on this device. */
export class Sources {
  choice = $state<SourceChoice>('automatic');
  /** The address of a site of the person's own, whether or not it is chosen. */
  ownUrl = $state<string | null>(null);
  tokens = $state.raw<Tokens>({});

  readonly sites: readonly Site[] = $derived(sitesOf(this.choice));

  constructor() {
    const choice = recall('modelSource') ?? 'automatic';
    this.choice = choice === 'automatic' ? choice : (parseSiteUrl(choice) ?? 'automatic');
    this.ownUrl = parseSiteUrl(recall('ownSource') ?? '');
    this.tokens = rememberedTokens();
  }

  choose(choice: SourceChoice): void {
    this.choice = choice;
    remember('modelSource', choice === 'automatic' ? null : choice);
  }

  chooseOwn(url: string): void {
    this.ownUrl = url;
    remember('ownSource', url);
    this.choose(url);
  }

  hasToken(site: Site): boolean {
    return this.tokens[originOf(site)] !== undefined;
  }

  /** Keeps the token of a site; null forgets it. */
  setToken(site: Site, token: string | null): void {
    const { [originOf(site)]: _old, ...others } = this.tokens;
    this.tokens = token === null ? others : { ...others, [originOf(site)]: token };
    rememberTokens(this.tokens);
  }
}
