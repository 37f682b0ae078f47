"""Pictures of a small world: a few shapes, a number, or a bar chart. A picture is a description (plain JSON) that this file draws
with Pillow and pictures.ts on a browser's canvas; lengths are shares of the picture's sides, sizes of its shorter side.

    python pictures.py folder 12      # draws a dozen, to look at
"""

import colorsys
import io
import json
import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SHAPES = ["circle", "square", "triangle", "star"]
COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "black"]
# Hue in degrees, saturation and value in percent: least and most.
_PAINT = {
    "red": ((-10, 8), (75, 100), (75, 100)),
    "orange": ((22, 40), (85, 100), (93, 100)),
    "yellow": ((49, 60), (75, 100), (88, 100)),
    "green": ((95, 150), (55, 100), (45, 82)),
    "blue": ((203, 240), (65, 100), (60, 100)),
    "purple": ((268, 300), (50, 100), (48, 85)),
    "black": ((0, 360), (0, 20), (0, 14)),
}
FONTS = ["sans-serif", "serif", "monospace"]
_FONT_FILES = {
    "sans-serif": ["DejaVuSans", "LiberationSans-Regular"],
    "serif": ["DejaVuSerif", "LiberationSerif-Regular"],
    "monospace": ["DejaVuSansMono", "LiberationMono-Regular"],
}
_BOLD_FILES = {
    "sans-serif": ["DejaVuSans-Bold", "LiberationSans-Bold"],
    "serif": ["DejaVuSerif-Bold", "LiberationSerif-Bold"],
    "monospace": ["DejaVuSansMono-Bold", "LiberationMono-Bold"],
}
MAX_BAR = 5  # the top line of a chart


def hexOf(h: float, s: float, v: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hsv_to_rgb(h % 360 / 360, s / 100, v / 100))


def paint(rng: random.Random, colour: str) -> str:
    hue, saturation, value = (rng.uniform(*bounds) for bounds in _PAINT[colour])
    return hexOf(hue, saturation, value)


def background(rng: random.Random) -> list[str]:
    """The colours at the top and at the bottom."""
    kind = rng.random()
    if kind < 0.4:
        one = "#ffffff"
    elif kind < 0.85:
        one = hexOf(rng.uniform(0, 360), rng.uniform(0, 12), rng.uniform(88, 100))
    else:
        one = hexOf(rng.uniform(0, 360), rng.uniform(0, 25), rng.uniform(12, 28))
        return [one, one]
    return [one, one if rng.random() < 0.8 else hexOf(rng.uniform(0, 360), rng.uniform(3, 14), rng.uniform(86, 98))]


def isDark(colours: list[str]) -> bool:
    return int(colours[0][1:3], 16) + int(colours[0][3:5], 16) + int(colours[0][5:7], 16) < 300


def describe(rng: random.Random, kind: str, width: int, height: int) -> dict:
    """A new picture of a kind: shapes, number or chart."""
    ground = background(rng)
    colours = [colour for colour in COLOURS if colour != "black" or not isDark(ground)]
    picture = {"kind": kind, "width": width, "height": height, "background": ground}
    return picture | {"shapes": _shapes, "number": _number, "chart": _chart}[kind](rng, colours, width, height)


def _shapes(rng: random.Random, colours: list[str], width: int, height: int) -> dict:
    count = rng.choice([1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6])
    side = min(width, height)
    palette = colours if rng.random() < 0.6 else rng.sample(colours, 2)
    forms = SHAPES if rng.random() < 0.6 else rng.sample(SHAPES, 2)
    largest = {1: 0.3, 2: 0.2, 3: 0.17}.get(count, 0.14)
    while True:
        objects: list[dict] = []
        for _ in range(60):
            size = rng.uniform(0.085, largest)
            margin = 1.2 * size * side
            x, y = rng.uniform(margin, width - margin) / width, rng.uniform(margin, height - margin) / height
            if all(math.hypot((x - o["x"]) * width, (y - o["y"]) * height) > 1.25 * (size + o["size"]) * side for o in objects):
                colour = rng.choice(palette)
                objects.append({
                    "shape": rng.choice(forms),
                    "colour": colour,
                    "paint": paint(rng, colour),
                    "x": round(x, 3),
                    "y": round(y, 3),
                    "size": round(size, 3),
                    "turn": 0 if rng.random() < 0.4 else rng.randint(-20, 20),
                })
            if len(objects) == count:
                return {"objects": objects}


def _number(rng: random.Random, colours: list[str], width: int, height: int) -> dict:
    colour = rng.choice(colours)
    size = rng.uniform(0.4, 0.85)
    return {
        "text": str(rng.randint(0, 9) if rng.random() < 0.3 else rng.randint(10, 99)),
        "colour": colour,
        "paint": paint(rng, colour),
        "font": rng.choice(FONTS),
        "bold": rng.random() < 0.5,
        "x": round(0.5 + rng.uniform(-0.1, 0.1), 3),
        "y": round(0.5 + rng.uniform(-0.1, 0.1), 3),
        "size": round(size, 3),
    }


def _chart(rng: random.Random, colours: list[str], width: int, height: int) -> dict:
    count = rng.choice([3, 3, 4, 4])
    bars = []
    for colour in rng.sample(colours, count):
        bars.append({"colour": colour, "paint": paint(rng, colour), "value": rng.randint(1, MAX_BAR)})
    return {
        "bars": bars,
        "left": round(rng.uniform(0.06, 0.14), 3),
        "right": round(rng.uniform(0.88, 0.96), 3),
        "top": round(rng.uniform(0.06, 0.14), 3),
        "bottom": round(rng.uniform(0.86, 0.94), 3),
        "fill": round(rng.uniform(0.5, 0.8), 3),
    }


def corners(shape: str, x: float, y: float, size: float, turn: float) -> list[tuple[float, float]]:
    """Corners of a shape of about the same area as a circle of radius `size`."""
    count, radii, start = {
        "square": (4, [1.25], 45),
        "triangle": (3, [1.4], -90),
        "star": (10, [1.35, 0.58], -90),
    }[shape]
    points = []
    for i in range(count):
        angle = math.radians(start + turn + i * 360 / count)
        radius = size * radii[i % len(radii)]
        points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return points


def barBox(picture: dict, index: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a bar, as shares of the sides."""
    step = (picture["right"] - picture["left"]) / len(picture["bars"])
    middle = picture["left"] + (index + 0.5) * step
    rise = (picture["bottom"] - picture["top"]) * picture["bars"][index]["value"] / MAX_BAR
    return middle - step * picture["fill"] / 2, picture["bottom"] - rise, middle + step * picture["fill"] / 2, picture["bottom"]


_fonts: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    folder = "dejavu" if name.startswith("DejaVu") else "liberation"
    key = (name, size)
    if key not in _fonts:
        _fonts[key] = ImageFont.truetype(f"/usr/share/fonts/truetype/{folder}/{name}.ttf", size)
    return _fonts[key]


def draw(picture: dict, scale: float, variant: int = 0) -> Image.Image:
    """The picture, `scale` times as large as it says, with hard edges: to be shrunk. `variant` picks among a family's fonts."""
    width, height = round(picture["width"] * scale), round(picture["height"] * scale)
    side = min(width, height)
    top, bottom = picture["background"]
    image = Image.new("RGB", (width, height), top)
    if bottom != top:
        image.paste(Image.new("RGB", (width, height), bottom), mask=Image.linear_gradient("L").resize((width, height)))
    pen = ImageDraw.Draw(image)
    for thing in picture.get("objects", []):
        x, y, size = thing["x"] * width, thing["y"] * height, thing["size"] * side
        if thing["shape"] == "circle":
            pen.ellipse((x - size, y - size, x + size, y + size), fill=thing["paint"])
        else:
            pen.polygon(corners(thing["shape"], x, y, size, thing["turn"]), fill=thing["paint"])
    if "text" in picture:
        files = (_BOLD_FILES if picture["bold"] else _FONT_FILES)[picture["font"]]
        face = font(files[variant % len(files)], max(8, round(picture["size"] * side)))
        pen.text((picture["x"] * width, picture["y"] * height), picture["text"], fill=picture["paint"], font=face, anchor="mm")
    if "bars" in picture:
        line = "#8a8a8a" if isDark(picture["background"]) else "#c4c4c4"
        thick = max(1, round(side / 110))
        left, right = picture["left"] * width, picture["right"] * width
        for unit in range(MAX_BAR + 1):
            y = (picture["bottom"] + (picture["top"] - picture["bottom"]) * unit / MAX_BAR) * height
            pen.line((left, y, right, y), fill=line, width=thick)
        for i, bar in enumerate(picture["bars"]):
            box = barBox(picture, i)
            pen.rectangle((box[0] * width, box[1] * height, box[2] * width, box[3] * height), fill=bar["paint"])
        axis = "#e8e8e8" if isDark(picture["background"]) else "#404040"
        pen.line((left, picture["bottom"] * height, right, picture["bottom"] * height), fill=axis, width=2 * thick)
    return image


def tileSize(width: int, height: int, side: int = 112, patch: int = 14) -> tuple[int, int]:
    """What MiniCPM-V 2.0 resizes a picture to that it does not cut (find_best_resize)."""
    ratio = width / height
    tall = int(side / math.sqrt(ratio))
    return tuple(max(round(length / patch) * patch, patch) for length in (int(tall * ratio), tall))  # type: ignore[return-value]


def rough(rng: random.Random, picture: dict) -> Image.Image:
    """The tile of a picture as a camera, a browser or an encoder might have left it."""
    size = tileSize(picture["width"], picture["height"])
    image = draw(picture, 2.5 * size[0] / picture["width"], rng.randrange(2))
    if rng.random() < 0.5:  # the picture's own pixels, fewer or more than the tile's
        zoom = rng.uniform(0.85, 2)
        image = image.resize((round(size[0] * zoom), round(size[1] * zoom)), rng.choice([Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]))
    if rng.random() < 0.15:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.5) * image.width / size[0]))
    if rng.random() < 0.3:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(45, 95))
        image = Image.open(buffer)
    return image.resize(size, Image.Resampling.BICUBIC)


def main() -> None:
    rng = random.Random(5)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(int(sys.argv[2])):
        width, height = rng.choice([(240, 240), (320, 240), (240, 320), (320, 180)])
        picture = describe(rng, ["shapes", "number", "chart"][i % 3], width, height)
        rough(rng, picture).save(folder / f"{i}.png")
        print(i, json.dumps(picture))


if __name__ == "__main__":
    main()
