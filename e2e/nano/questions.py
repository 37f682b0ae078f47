"""Questions about a picture, with answers that follow from its description. Where a picture leaves room for doubt (a shape on
the border between left and middle, two shapes nearly above each other) nothing is asked."""

import random
from typing import Callable

from pictures import COLOURS, SHAPES, describe
from wordings import ask, wordings

COLOUR_ZH = dict(zip(COLOURS, ["红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "黑色"]))
SHAPE_ZH = dict(zip(SHAPES, ["圆形", "正方形", "三角形", "星形"]))
PLACES = ["top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right"]
PLACES_ZH = ["左上角", "上面", "右上角", "左边", "中间", "右边", "左下角", "下面", "右下角"]
MARGIN = 0.05  # of a side: nearer to a border than this, a place is not asked for
GAP = 0.12  # of a side: closer than this, two shapes are not compared

Asked = tuple[str, str] | None
NO_PICTURE = {"zh": "我没有看到图片。", "en": "I see no picture."}

_COUNT = {
    "zh": """
(图里|图中|图片里|画面里|这张图里|图上)(有|一共有|总共有)(几个图形|多少个图形|几个形状|多少个形状)
(这里|图里|图中|)(有|一共有)(几个|多少个){a}(图形|的图形|形状|的形状)
(数一数|请数一数|数一下)(图里|图中|图片里|)有(几个|多少个)(图形|形状)
""",
    "en": """
How many (shapes|objects|figures|things) (are there|are in the picture|are in the image|can you see|do you see|are shown)
(Count|Please count) (the|all) (shapes|objects|figures)( in the picture| in the image|)
(What is|Tell me) the number of (shapes|objects|figures)( in the picture| in the image|)
""",
}
_COUNT_SOME = {
    "zh": """
(图里|图中|图片里|画面里|这张图里|图上|)(有|一共有|总共有)(几个|多少个){a}
(数一数|请数一数|数一下)(图里|图中|图片里|)有(几个|多少个){a}
{a}(有|一共有|总共有)(几个|多少个)
""",
    "en": """
How many {a} (are there|are in the picture|are in the image|can you see|do you see|are shown)
(Count|Please count) the {a}( in the picture| in the image|)
(What is|Tell me) the number of {a}( in the picture| in the image|)
""",
}
_COLOUR = {
    "zh": """
(图里的|图中的|这个|那个|){a}(是什么颜色|是什么颜色的|是哪种颜色|什么颜色|是什么色的)
(图里的|图中的|这个|那个|){a}的颜色(是什么|是哪种)
(说出|告诉我|说说){a}(是什么颜色|的颜色)
""",
    "en": """
(What|Which) (colour|color) is the {a}( in the picture|)
(What is|What's|Tell me) the (colour|color) of the {a}
(What|Which) (colour|color) does the {a} have
""",
}
_SHAPE = {
    "zh": """
(什么|哪个|哪种)(图形|形状)是{a}的
{a}的(图形|东西|物体|那个)(是什么|是什么形状|是什么图形|是哪种形状)
""",
    "en": """
(What|Which) (shape|object|figure) is {a}
(What|Which) shape (is|has) the {a} (one|object|thing|figure)
What is the {a} (one|object|thing|shape|figure)
""",
}
_WHERE = {
    "zh": """
(图里的|图中的|){a}(在哪里|在哪儿|在什么位置|在图的什么位置|在哪个位置)
{a}的位置(在哪里|是哪里|是什么)
(告诉我|说说|指出){a}(在哪里|的位置)
""",
    "en": """
Where is the {a}( in the picture| in the image|)
(Where|In which place) (can I see|do you see|can you find|can I find) the {a}
(Tell me|Say) where the {a} is
(What is|Tell me) the (place|position) of the {a}
""",
}
_WHAT = {
    "zh": """
(图的|图片的|图片|画面|图中|){p}(有什么|是什么|有什么图形|是什么图形|的图形是什么)
(什么|哪个图形|什么图形)在(图的|图片的|图片|画面|){p}
""",
    "en": """
(What is|What's|What do you see|What can you see) {p}( of the picture| of the image|)
(What|Which) (shape|object|figure) is {p}( of the picture| of the image|)
""",
}
_SIDE = {
    "zh": """
{a}在{b}的{d}(吗|吗？请回答|，对吗|，是吗|，是不是)
{a}(是不是在|是否在|真的在){b}的{d}(呢|吗|)
(告诉我|请问|说说)(，|：|){a}(是不是在|是否在){b}的{d}
""",
    "en": """
Is the {a} {d} (the|a) {b}
(Tell me if|Is it true that|Can you say if|Tell me whether|Say if) the {a} (is|lies|stands) {d} the {b}
Is the {a} (in the picture|in the image|shown) {d} the {b}
""",
}
_IS_THERE = {
    "zh": """
(图里|图中|图片里|画面里|这张图里|图上|这里|)(有|有没有|是否有)(一个|){a}(吗|呢|)
(你看到|你看见|能看到|看得到)(一个|){a}(吗|了吗)
""",
    "en": """
(Is there|Is there also) {a}( in the picture| in the image| here|)
(Is there|Is there also|Can you find|Can you see) {a} (in this picture|in this image|anywhere)
(Do you see|Can you see|Does the picture show|Does the image show|Does the picture have) {a}
""",
}
_SEE = {
    "zh": """
(你看到|你看见|你看到了|能看到|图里有|图中有|图片里有|画面里有|这张图里有|这是|图上有|图上是)(什么|些什么|什么东西|哪些东西|哪些图形)
(描述|描述一下|请描述|介绍一下|说说|讲讲)(这张图|这张图片|图片|图里的内容|画面|图里有什么)
(这张图|这张图片|图片|画面)(里有什么|是什么|上有什么|画的是什么|画了什么|的内容是什么)
""",
    "en": """
What (do you see|can you see|is this|is in the picture|is in the image|is shown|is in this picture|does the picture show|is shown here)
(Describe|Please describe|Tell me about|Explain) (the picture|this picture|the image|this image|what you see)
What is (in|on|shown in) (the picture|this picture|the image|this image)
""",
}
_NUMBER = {
    "zh": """
(图里的|图中的|这个|图片里的|图上的|)数字(是多少|是几|是什么|是哪个)
(这是|你看到|图里是|图中有|图上写着|上面写着|图里写的是)(什么数字|哪个数字|什么数|几)
(读出|念出|告诉我|说出)(图里的|图中的|这个|)数字
""",
    "en": """
(What|Which) number (is this|is it|do you see|can you see|is shown|is in the picture|is in the image|is written here)
(What is|What's|Tell me|Read) the number( in the picture| in the image| you see|)
""",
}
_BARS = {
    "zh": """
(图里|图中|图片里|图上|这张图里|)(有|一共有|总共有)(几根|多少根)(柱子|柱)
(数一数|请数一数|数一下)(图里|图中|)有(几根|多少根)柱子
""",
    "en": """
How many (bars|columns) (are there|are in the chart|are in the picture|does the chart have|can you see|do you see|are shown)
(Count|Please count) the (bars|columns)( in the chart| in the picture|)
""",
}
_EXTREME = {
    "zh": """
(哪根|哪根柱子|哪个颜色的柱子|什么颜色的柱子|哪种颜色)最{d}
(图里|图中|)最{d}的(柱子|那根柱子|一根|一根柱子)是(什么颜色|什么颜色的|哪种颜色|哪个|哪根)
""",
    "en": """
(Which|What) (bar|column) is (the|) {d}
(What|Which) (colour|color) is the {d} (bar|column|one)( in the chart| in the picture|)
(What is|Tell me) the (colour|color) of the {d} (bar|column)
""",
}
_VALUE = {
    "zh": """
{a}(的柱子|柱子|的|那根|的那根)(有多高|多高|是多少|的高度是多少|的值是多少|是几)
(图里|图中|图里的|图中的|){a}(的柱子|柱子)(有多高|多高|的高度是多少|的值是多少|有几格高)
(告诉我|说说){a}(的柱子|柱子)(有多高|的高度|的值)
""",
    "en": """
How (high|tall) is the {a} (bar|column|one)
(What is|Tell me|What's) the (value|height) of the {a} (bar|column|one)
What (value|height) (does the {a} bar have|has the {a} bar|is the {a} bar)
""",
}


def _ask(rng: random.Random, grammar: dict[str, str], lang: str, held: bool, **slots: str) -> str:
    phrase = rng.choice(wordings(grammar[lang], held)).replace("  ", " ")
    return ask(rng, phrase, slots, lang)


def nameOf(one: dict, lang: str, article: bool = False) -> str:
    if lang == "zh":
        return f"{'一个' if article else ''}{COLOUR_ZH[one['colour']]}的{SHAPE_ZH[one['shape']]}"
    name = f"{one['colour']} {one['shape']}"
    return f"{'an' if name[0] == 'o' else 'a'} {name}" if article else name


def _number(n: int, lang: str, unit: str = "个") -> str:
    if lang == "zh":
        return f"一共有{n}{unit}。" if n else "一个也没有。"
    return f"There {'is' if n == 1 else 'are'} {n}." if n else "There are none."


def _only(picture: dict, **wanted: str) -> list[dict]:
    return [one for one in picture["objects"] if all(one[key] == value for key, value in wanted.items())]


def zone(one: dict) -> int | None:
    """Which of nine places a shape is in; None near a border between two."""
    parts = []
    for value in (one["y"], one["x"]):
        if min(abs(value - 1 / 3), abs(value - 2 / 3)) < MARGIN:
            return None
        parts.append(int(value * 3))
    return parts[0] * 3 + parts[1]


def count(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    things = picture["objects"]
    kind = rng.random()
    if kind < 0.4:
        return _ask(rng, _COUNT, lang, held, a=""), _number(len(things), lang)
    if kind < 0.7:
        colour = rng.choice([one["colour"] for one in things] if rng.random() < 0.75 else COLOURS)
        name = rng.choice([f"{COLOUR_ZH[colour]}的图形", f"{COLOUR_ZH[colour]}图形"]) if lang == "zh" else f"{colour} {rng.choice(['shapes', 'objects', 'figures'])}"
        return _ask(rng, _COUNT_SOME, lang, held, a=name), _number(len(_only(picture, colour=colour)), lang)
    shape = rng.choice([one["shape"] for one in things] if rng.random() < 0.75 else SHAPES)
    name = SHAPE_ZH[shape] if lang == "zh" else shape + "s"
    return _ask(rng, _COUNT_SOME, lang, held, a=name), _number(len(_only(picture, shape=shape)), lang)


def colour(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    one = rng.choice(picture["objects"])
    if len(_only(picture, shape=one["shape"])) != 1:
        return None
    question = _ask(rng, _COLOUR, lang, held, a=SHAPE_ZH[one["shape"]] if lang == "zh" else one["shape"])
    return question, f"是{COLOUR_ZH[one['colour']]}的。" if lang == "zh" else f"It is {one['colour']}."


def shape(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    one = rng.choice(picture["objects"])
    if len(_only(picture, colour=one["colour"])) != 1:
        return None
    question = _ask(rng, _SHAPE, lang, held, a=COLOUR_ZH[one["colour"]] if lang == "zh" else one["colour"])
    return question, f"是{SHAPE_ZH[one['shape']]}。" if lang == "zh" else f"It is a {one['shape']}."


def _short(rng: random.Random, picture: dict, one: dict, lang: str) -> str | None:
    """A name that fits one shape alone: "star" where there is no other, else "red star"."""
    if len(_only(picture, shape=one["shape"])) == 1 and rng.random() < 0.4:
        return SHAPE_ZH[one["shape"]] if lang == "zh" else one["shape"]
    return nameOf(one, lang) if len(_only(picture, shape=one["shape"], colour=one["colour"])) == 1 else None


def place(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    if rng.random() < 0.5:
        one = rng.choice(picture["objects"])
        at, name = zone(one), _short(rng, picture, one, lang)
        if at is None or name is None:
            return None
        answer = f"在{PLACES_ZH[at]}。" if lang == "zh" else "It is in the middle." if at == 4 else f"It is at the {PLACES[at]}."
        return _ask(rng, _WHERE, lang, held, a=name), answer
    zones = [zone(one) for one in picture["objects"]]
    at = rng.choice(zones)
    if None in zones or at is None or zones.count(at) != 1:
        return None
    one = picture["objects"][zones.index(at)]
    where = PLACES_ZH[at] if lang == "zh" else "in the middle" if at == 4 else f"{rng.choice(['at', 'on', 'in']) if at not in (1, 7) else 'at'} the {PLACES[at]}"
    name = nameOf(one, lang, True)
    return _ask(rng, _WHAT, lang, held, p=where), f"{name}。" if lang == "zh" else f"{name[0].upper()}{name[1:]}."


_SIDES = [("left of", "左边", 0, -1), ("right of", "右边", 0, 1), ("above", "上面", 1, -1), ("below", "下面", 1, 1)]


def side(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    if len(picture["objects"]) < 2:
        return None
    a, b = rng.sample(picture["objects"], 2)
    names = [_short(rng, picture, one, lang) for one in (a, b)]
    english, chinese, axis, sign = rng.choice(_SIDES)
    gap = a["xy"[axis]] - b["xy"[axis]]
    if None in names or abs(gap) < GAP:
        return None
    question = _ask(rng, _SIDE, lang, held, a=names[0], b=names[1], d=chinese if lang == "zh" else english)  # type: ignore[arg-type]
    yes = gap * sign > 0
    return question, ("是的。" if yes else "不是。") if lang == "zh" else "Yes." if yes else "No."


def isThere(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    one = dict(rng.choice(picture["objects"]))
    if rng.random() < 0.55:  # often a thing that is nearly there
        key = rng.choice(["colour", "shape"])
        one[key] = rng.choice(COLOURS if key == "colour" else SHAPES)
    if rng.random() < 0.25:
        name, yes = (SHAPE_ZH[one["shape"]] if lang == "zh" else f"a {one['shape']}"), bool(_only(picture, shape=one["shape"]))
    else:
        name, yes = nameOf(one, lang, lang == "en"), bool(_only(picture, shape=one["shape"], colour=one["colour"]))
    answer = ("有。" if yes else "没有。") if lang == "zh" else "Yes." if yes else "No."
    return _ask(rng, _IS_THERE, lang, held, a=name), answer


def see(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    question = _ask(rng, _SEE, lang, held)
    if picture["kind"] == "number":
        return question, f"我看到数字{picture['text']}。" if lang == "zh" else f"I see the number {picture['text']}."
    if picture["kind"] == "chart":
        bars = len(picture["bars"])
        return question, f"我看到一个有{bars}根柱子的柱状图。" if lang == "zh" else f"I see a chart with {bars} bars."
    things = sorted(picture["objects"], key=lambda one: one["x"])
    if len(things) > 3:
        return question, f"我看到{len(things)}个图形。" if lang == "zh" else f"I see {len(things)} shapes."
    if any(right["x"] - left["x"] < GAP for left, right in zip(things, things[1:])):
        return None
    names = [nameOf(one, lang, True) for one in things]
    if lang == "zh":
        return question, f"我看到{'、'.join(names[:-1])}{'和' if len(names) > 1 else ''}{names[-1]}。"
    return question, f"I see {', '.join(names[:-1])}{' and ' if len(names) > 1 else ''}{names[-1]}."


def number(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    if rng.random() < 0.2:
        question = _ask(rng, _COLOUR, lang, held, a="数字" if lang == "zh" else "number")
        return question, f"是{COLOUR_ZH[picture['colour']]}的。" if lang == "zh" else f"It is {picture['colour']}."
    return _ask(rng, _NUMBER, lang, held), f"是{picture['text']}。" if lang == "zh" else f"It is {picture['text']}."


def chart(rng: random.Random, picture: dict, lang: str, held: bool) -> Asked:
    bars, kind = picture["bars"], rng.random()
    if kind < 0.2:
        return _ask(rng, _BARS, lang, held), _number(len(bars), lang, "根")
    if kind < 0.6:
        high = rng.random() < 0.5
        best = (max if high else min)(bar["value"] for bar in bars)
        found = [bar for bar in bars if bar["value"] == best]
        if len(found) != 1:
            return None
        name = found[0]["colour"]
        word = rng.choice(["tallest", "highest"] if high else ["shortest", "lowest"]) if lang == "en" else "高" if high else rng.choice("低矮")
        return _ask(rng, _EXTREME, lang, held, d=word), f"{COLOUR_ZH[name]}的。" if lang == "zh" else f"The {name} one."
    bar = rng.choice(bars)
    question = _ask(rng, _VALUE, lang, held, a=COLOUR_ZH[bar["colour"]] if lang == "zh" else bar["colour"])
    return question, f"是{bar['value']}。" if lang == "zh" else f"It is {bar['value']}."


Maker = Callable[[random.Random, dict, str, bool], Asked]
# The tasks that a kind of picture allows, and how often they are met.
QUESTIONS: dict[str, dict[Maker, float]] = {
    "shapes": {count: 4, colour: 3, shape: 4, place: 5, side: 8, isThere: 3, see: 3},
    "number": {number: 4, see: 1},
    "chart": {chart: 6, see: 1},
}
TASK_NAMES: dict[str, tuple[str, Maker]] = {
    "count": ("shapes", count),
    "colour": ("shapes", colour),
    "shape": ("shapes", shape),
    "place": ("shapes", place),
    "side": ("shapes", side),
    "there": ("shapes", isThere),
    "see": ("shapes", see),
    "number": ("number", number),
    "chart": ("chart", chart),
}


def questionAbout(rng: random.Random, picture: dict, lang: str, held: bool = False) -> tuple[str, str]:
    shares = QUESTIONS[picture["kind"]]
    while True:
        made = rng.choices(list(shares), list(shares.values()))[0](rng, picture, lang, held)
        if made:
            return made


def withoutPicture(rng: random.Random, lang: str) -> tuple[str, str]:
    """A question about a picture that nobody has shown."""
    kind = rng.choice(list(QUESTIONS))
    return questionAbout(rng, describe(rng, kind, 240, 240), lang)[0], NO_PICTURE[lang]
