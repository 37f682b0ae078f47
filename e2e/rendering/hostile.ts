/**
 * Answers that a model could be talked into. `{host}` is a place that must never be asked for anything. Each sets
 * `window.ran` where its script runs.
 */
const SCRIPTS = ["window.ran.push('x')", "fetch('{host}')", "document.title='x'", 'alert(1)'];
const TAGS = (script: string) => [
  `<script>${script}</script>`,
  `<ScRiPt >${script}</sCrIpT>`,
  `<img src=x onerror="${script}">`,
  `<svg onload="${script}"></svg>`,
  `<svg><script>${script}</script></svg>`,
  `<iframe srcdoc="<script>parent.${script}</script>"></iframe>`,
  `<body onload="${script}">`,
  `<a href="javascript:${script}">x</a>`,
  `<math><mtext></mtext><script>${script}</script></math>`,
  `<details open ontoggle="${script}">`,
  `<noscript><p title="</noscript><img src=x onerror=${script}>">`,
  `<template><script>${script}</script></template>`,
  `[x](javascript:${script})`,
  `\`\`\`html\n<script>${script}</script>\n\`\`\``,
  `$\\href{javascript:${script}}{x}$`,
];

const ADDRESSES = [
  'javascript:window.ran.push(1)',
  'JaVaScRiPt:window.ran.push(1)',
  ' javascript:window.ran.push(1)',
  'java&#10;script:window.ran.push(1)',
  'javascript&colon;window.ran.push(1)',
  '&#106;avascript:window.ran.push(1)',
  '\u0001javascript:window.ran.push(1)',
  'vbscript:msgbox(1)',
  'data:text/html,<script>window.ran.push(1)</script>',
  'data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=',
  'file:///etc/passwd',
  'blob:{host}/x',
  'ftp://example.com/',
  '//example.com/x',
  '/relative',
  '../../index.html',
  '#content',
  'https:relative',
  'http://[broken',
  'intent://x#Intent;end',
];

const FETCHES = [
  '![x]({host}/i.png)',
  '![]({host}/i.png)',
  '![x](<{host}/i.png> "t")',
  '[![x]({host}/i.png)]({host})',
  '![![x]({host}/a)]({host}/b)',
  '<img src="{host}/i.png">',
  '<link rel=stylesheet href="{host}/s.css">',
  '<style>@import "{host}/s.css"; body { display: none }</style>',
  '<div style="background:url({host}/i.png);position:fixed;inset:0">x</div>',
  '<video src="{host}/v" autoplay></video><audio src="{host}/a"></audio>',
  '<object data="{host}/o"></object><embed src="{host}/e">',
  '<meta http-equiv="refresh" content="0;url={host}">',
  '<base href="{host}/">',
  '<form action="{host}"><button>x</button></form>',
  '<link rel="prefetch" href="{host}/p">',
  '[x]: {host}/i.png\n\n![x]',
  '$\\includegraphics{{host}/i.png}$',
  '$\\htmlStyle{background:url({host}/i.png)}{x}$',
  '$\\htmlClass{chat}{x}$ $\\htmlId{content}{x}$ $\\htmlData{a=b}{x}$',
  '$\\url{{host}/u}$',
  '| a |\n|---|\n| ![x]({host}/i.png) <img src="{host}/j.png"> |',
  '> - # ![x]({host}/i.png)',
];

const STYLES = [
  '$\\color{red}{x}$ $\\textcolor{#fff}{y}$ $\\colorbox{black}{z}$',
  '$\\fcolorbox{red}{blue}{x}$ $\\pmb{x}$ $\\boxed{1}$',
  '$$\\rule{9999em}{9999em}$$',
  '$$\\kern{-9999em}x\\raisebox{999em}{x}$$',
  '$\\def\\a{\\a\\a}\\a$',
  '$\\def\\a#1{#1#1}\\a{\\a{\\a{\\a{\\a{\\a{\\a{\\a{\\a{\\a{x}}}}}}}}}}$',
  '$\\require{x}\\unknown$',
  '$' + '{'.repeat(400) + '}'.repeat(400) + '$',
  '$$' + '\\frac{1}{'.repeat(60) + '1' + '}'.repeat(60) + '$$',
  '\u202Egnisrever\u202D \u2066isolated [x\u202E](https://example.com/\u202E)',
  '`code \u202E reversed`\n\n```js\n\u202E// x\n```',
  'Z\u0351\u0321'.repeat(60),
  '\u0000\u0007\u001b[31mred\uFFFF\uD800 lone',
  'a'.repeat(5000),
  '|'.repeat(500) + '\n' + '|---'.repeat(500) + '|',
  '```' + 'x'.repeat(400) + '\ncode\n```',
  '```<img/src=x>"onload=\nx\n```',
  '&lt;script&gt;window.ran.push(1)&lt;/script&gt; &#60;b&#62;',
  '# '.repeat(50) + 'x',
];

const MARKS = [
  '>',
  '> - ',
  '[',
  '![',
  '*',
  '**a ',
  '_a ',
  '~~a',
  '`',
  '$',
  '\\(',
  '\\[\n',
  '$$\n',
  '- ',
  '[a](',
  '<a:',
  '&',
  '|',
];
const DEEP = MARKS.flatMap((mark) => [mark.repeat(1000), mark.repeat(1000) + 'x' + '](https://a.b)'.repeat(100)]);

/** All of them; more than a hundred. */
export function hostileAnswers(host: string): string[] {
  const addresses = ADDRESSES.flatMap((address) => [
    `[x](${address})`,
    `[x](<${address}>)`,
    `<${address}>`,
    `![x](${address})`,
  ]);
  const all = [...SCRIPTS.flatMap(TAGS), ...addresses, ...FETCHES, ...STYLES, ...DEEP];
  return all.map((answer) => answer.replaceAll('{host}', host));
}
