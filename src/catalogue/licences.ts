import type { Text } from './entry';

export type LicenceId = 'apache-2.0' | 'general-model-license' | 'minicpm-community-license';

/** The terms that a model comes under. */
export interface Licence {
  name: string;
  /** Its full text. */
  link: string;
  summary: Text;
}

/** The licences of the catalogue, as stated on the models' pages and by OpenBMB's repositories. */
export const LICENCES: Readonly<Record<LicenceId, Licence>> = {
  'apache-2.0': {
    name: 'Apache License 2.0',
    link: 'https://github.com/OpenBMB/MiniCPM/blob/main/LICENSE',
    summary: {
      en: 'You may use, change and share the model, also commercially. Who passes it on keeps the licence and its notices and says what was changed. There is no warranty.',
      zh: '可以自由使用、修改和分享，也可商用。再次分发时须保留许可证与声明，并说明改动。不提供任何担保。',
    },
  },
  'general-model-license': {
    name: 'General Model License (2024)',
    link: 'https://github.com/OpenBMB/General-Model-License',
    summary: {
      en: 'As published in 2024: name the source, do not advertise with the publisher’s name, and ask in writing before commercial use. Since June 2025 OpenBMB states that its MiniCPM models are under Apache-2.0; the model’s own page may still show the earlier terms. If in doubt, keep to the stricter ones.',
      zh: '2024 年发布时的条款：注明来源，不得以发布者名义宣传，商用须先取得书面授权。2025 年 6 月起，OpenBMB 声明 MiniCPM 模型采用 Apache-2.0；模型页面上可能仍是早先的条款。如有疑问，请遵守较严格的一种。',
    },
  },
  'minicpm-community-license': {
    name: 'MiniCPM Model Community License (2024)',
    link: 'https://github.com/OpenBMB/MiniCPM/blob/cab7c75b5676bef8b2a66ec3f467c9e42cb24619/MiniCPM%20Model%20License.md',
    summary: {
      en: 'As published in 2024: free for research, and for commercial use on up to 5000 devices or by fewer than a million users a day after registering with OpenBMB. Who passes it on adds this agreement and “Built with 面壁MiniCPM”. It must not be used to improve other language models. Since June 2025 OpenBMB states that its MiniCPM models are under Apache-2.0; the model’s own page may still show the earlier terms. If in doubt, keep to the stricter ones.',
      zh: '2024 年发布时的条款：学术研究免费；不超过 5000 台设备或日活用户不足 100 万的商业使用，向 OpenBMB 登记后可免费。再次分发时须附上该协议，并标明“Built with 面壁MiniCPM”。不得用于改进其他语言模型。2025 年 6 月起，OpenBMB 声明 MiniCPM 模型采用 Apache-2.0；模型页面上可能仍是早先的条款。如有疑问，请遵守较严格的一种。',
    },
  },
};
