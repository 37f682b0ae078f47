/** A picture of the world that nano-V knows: see pictures.py. Places and sizes are shares of sides; see there. */
export interface WorldPicture {
  kind: 'shapes' | 'number' | 'chart';
  width: number;
  height: number;
  /** CSS colours at the top and at the bottom. */
  background: [string, string];
  objects?: {
    shape: 'circle' | 'square' | 'triangle' | 'star';
    colour: string;
    /** The CSS colour. */
    paint: string;
    x: number;
    y: number;
    size: number;
    /** Degrees. */
    turn: number;
  }[];
  text?: string;
  colour?: string;
  paint?: string;
  font?: string;
  bold?: boolean;
  x?: number;
  y?: number;
  size?: number;
  bars?: { colour: string; paint: string; value: number }[];
  left?: number;
  right?: number;
  top?: number;
  bottom?: number;
  fill?: number;
}

/** A picture and questions about it: an entry of heldOutPictures.json. */
export interface PictureQuestions {
  picture: WorldPicture;
  questions: { task: string; lang: 'zh' | 'en'; question: string; answer: string }[];
}

/**
 * Draws a picture on a canvas, as pictures.py does with Pillow, and returns it as the `data:` address of a PNG. Made for
 * page.evaluate: it needs nothing from outside.
 */
export function drawPicture(picture: WorldPicture): string {
  const { width, height, background } = picture;
  const side = Math.min(width, height);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, background[0]);
  sky.addColorStop(1, background[1]);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  const channels = [1, 3, 5].map((at) => parseInt(background[0].slice(at, at + 2), 16));
  const isDark = channels.reduce((sum, channel) => sum + channel, 0) < 300;

  for (const { shape, paint, x, y, size, turn } of picture.objects ?? []) {
    const [count, radii, start] = {
      circle: [0, [1], 0] as const,
      square: [4, [1.25], 45] as const,
      triangle: [3, [1.4], -90] as const,
      star: [10, [1.35, 0.58], -90] as const,
    }[shape];
    context.fillStyle = paint;
    context.beginPath();
    if (shape === 'circle') context.arc(x * width, y * height, size * side, 0, 2 * Math.PI);
    for (let i = 0; i < count; i++) {
      const angle = ((start + turn + (i * 360) / count) * Math.PI) / 180;
      const radius = size * side * radii[i % radii.length]!;
      context.lineTo(x * width + radius * Math.cos(angle), y * height + radius * Math.sin(angle));
    }
    context.fill();
  }

  if (picture.text !== undefined) {
    const { text, paint, font, bold, x, y, size } = picture as Required<WorldPicture>;
    context.fillStyle = paint;
    context.font = `${bold ? 'bold ' : ''}${Math.round(size * side)}px ${font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, x * width, y * height);
  }

  if (picture.bars) {
    const { bars, left, right, top, bottom, fill } = picture as Required<WorldPicture>;
    const most = 5;
    const thick = Math.max(1, Math.round(side / 110));
    context.fillStyle = isDark ? '#8a8a8a' : '#c4c4c4';
    for (let unit = 0; unit <= most; unit++) {
      const y = (bottom + ((top - bottom) * unit) / most) * height;
      context.fillRect(left * width, y - thick / 2, (right - left) * width, thick);
    }
    const step = (right - left) / bars.length;
    bars.forEach(({ paint, value }, i) => {
      const rise = ((bottom - top) * value) / most;
      context.fillStyle = paint;
      context.fillRect(
        (left + (i + 0.5 - fill / 2) * step) * width,
        (bottom - rise) * height,
        step * fill * width,
        rise * height,
      );
    });
    context.fillStyle = isDark ? '#e8e8e8' : '#404040';
    context.fillRect(left * width, bottom * height - thick, (right - left) * width, 2 * thick);
  }
  return canvas.toDataURL('image/png');
}
