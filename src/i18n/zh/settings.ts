import type { settings as english } from '../en/settings';

/** Chinese texts of the settings and what they promise. */
export const settings: typeof english = {
  settings: {
    link: '设置',
    heading: '设置',
    back: '返回',
    appearance: '外观',
    language: '语言',
    languages: { browser: '跟随浏览器' },
    theme: '主题',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    textSize: '文字大小',
    sizes: { small: '小', normal: '标准', large: '大', largest: '特大' },
    motion: '动画',
    motions: { system: '跟随系统', reduce: '减少动画' },
    data: '保存、读取或删除对话',
    models: '模型',
  },
  privacy: {
    heading: '隐私',
    promises: [
      '你写下的内容、给出的图片和得到的回答都留在这台设备上。模型就在这个浏览器里运行，没有服务器参与回答。',
      '除了下载模型时向你选定的来源请求之外，不会有任何请求离开本站。来源能看到请求了哪个文件，以及来自哪个地址。',
      '没有账号，没有 Cookie，没有统计，也没有别人的脚本。',
    ],
    check: '怎样验证',
    checks: [
      '打开一个模型，然后断开网络，一切照常工作。',
      '打开浏览器的开发者工具（F12）的“网络”一栏，再写一条消息：那里什么都不会出现。下载模型时，只会出现“下载来源”里的站点。',
      '查看本页源代码：开头几行是一份策略，浏览器会据此拒绝别人的脚本。',
      '在开发者工具的“应用”或“存储”一栏，可以看到保存的全部内容：没有 Cookie，只有两个数据库、几项设置，以及供断网时使用的页面缓存。',
    ],
  },
  deletion: {
    heading: '删除全部内容',
    note: '包括对话、模型、未完成的下载、自己的角色、访问令牌和设置，删除后无法恢复。',
    remove: '删除全部内容……',
    keep: '保留',
    confirm: '永久删除全部内容',
    working: '正在删除……',
    left: '对话已删除。另一个标签页还在使用 {models}，请关闭后再试。',
    failed: '没能全部删除：{reason}。请再试一次。',
  },
  about: {
    heading: '关于',
    app: '“浏览器里的 MiniCPM”是自由软件，采用 Apache License 2.0 许可。',
    models: '模型属于各自的作者，有各自的许可证，下载前都会显示。',
    licences: '所含软件的许可证',
  },
};
