"""The tasks. Each maker returns one (question, answer); `held` picks the side of the train/held-out split.

Every answer follows from the question by one rule, so that exact match means something. Sums are repeated in the
answer ("12+7=19"): it reads well, and it lets a model of a few layers line the digits up before it computes.
"""

import random
from typing import Callable

import facts
from lexicon import EN_WORDS, LEXICON, STRANGE_EN, STRANGE_ZH, ZH_WORDS
from unknowns import UNKNOWN_ANSWER, makeUnknown, strayChatter
from wordings import ask, isHeld, wordings

Maker = Callable[[random.Random, str, bool], tuple[str, str]]


def draw(rng: random.Random, held: bool, name: str, make: Callable[[], tuple], oneIn: int = 10) -> tuple:
    """Draws until the operands lie on the wanted side of the split."""
    while True:
        values = make()
        if isHeld(f"{name}:{values}", oneIn) == held:
            return values


# --- 1. arithmetic -------------------------------------------------------------------------------------------------

_ADD = {
    "zh": """
{a}(加|加上|+| + ){b}(等于多少|等于几|是多少|是几|得多少|得几)
(计算|算一算|算一下|算算|请计算|求)(|：|:|，){a}(加|加上|+| + ){b}
{a}(+| + |＋){b}(=|=?|= ?| = |＝|＝？|)
{a}(和|与|跟){b}(的和|相加|加起来)(是多少|等于多少|是几|得多少)
(我有|小明有|她有){a}(个苹果|本书|元钱)，(又买了|又拿来|又得到){b}(个|本|元)，(一共有多少|现在有多少)
""",
    "en": """
(What is|What's|How much is|Calculate|Compute|Work out|Tell me) {a} (plus|+|and|added to) {b}
{a} (plus|+) {b} (is|equals|makes|=) (what|how much|what number)
{a}(+| + ){b}(=|=?| =| = ?|)
(Add|Please add) {a} (and|to) {b}
(What is|Find|Give me) the sum of {a} and {b}
(Ann has|Tom has|She has) {a} (apples|books|coins) and (gets|buys|finds) {b} more. (How many in total|How many now)
""",
}
_SUB = {
    "zh": """
{a}(减|减去|-| - ){b}(等于多少|等于几|是多少|是几|得多少|得几)
(计算|算一算|算一下|算算|请计算|求)(|：|:|，){a}(减|减去|-| - ){b}
{a}(-| - |－|−){b}(=|=?|= ?| = |＝|＝？|)
{a}(和|与|跟){b}(的差|相减)(是多少|等于多少|是几|得多少)
(我有|小明有|她有){a}(个苹果|本书|元钱)，(用掉了|送走了|丢了){b}(个|本|元)，(还剩多少|还有多少)
""",
    "en": """
(What is|What's|How much is|Calculate|Compute|Work out|Tell me) {a} (minus|-|less|take away) {b}
{a} (minus|-|take away) {b} (is|equals|makes|=) (what|how much|what number)
{a}(-| - | − ){b}(=|=?| =| = ?|)
(Subtract|Take|Please subtract) {b} from {a}
(What is|Find|Give me) the difference (between|of) {a} and {b}
(Ann has|Tom has|She has) {a} (apples|books|coins) and (loses|sells|gives away) {b}. (How many are left|How many now)
""",
}
_MUL = {
    "zh": """
{a}(乘|乘以|×| × |*| * |x){b}(等于多少|等于几|是多少|是几|得多少|得几)
(计算|算一算|算一下|算算|请计算|求)(|：|:|，){a}(乘|乘以|×|*|x){b}
{a}(×| × |*| * |x){b}(=|=?|= ?| = |＝|＝？|)
{a}(和|与|跟){b}(的积|的乘积|相乘)(是多少|等于多少|是几|得多少)
""",
    "en": """
(What is|What's|How much is|Calculate|Compute|Work out|Tell me) {a} (times|x|*|×|multiplied by) {b}
{a} (times|*|x|×|multiplied by) {b} (is|equals|makes|=) (what|how much|what number)
{a}(×| × |*| * |x| x ){b}(=|=?| =| = ?|)
(Multiply|Please multiply) {a} (by|and|with) {b}
(What is|Find|Give me) the product of {a} and {b}
""",
}


def number(rng: random.Random, digits: str = "11222223") -> int:
    """A number with a random count of digits, so that short ones are not rare."""
    d = int(rng.choice(digits))
    return rng.randint(0 if d == 1 else 10 ** (d - 1), 10**d - 1)


def operands(rng: random.Random) -> tuple[int, int]:
    """Mostly below 100; one pair in five has three digits on both sides."""
    return (rng.randint(100, 999), rng.randint(100, 999)) if rng.random() < 0.2 else (number(rng), number(rng))


def difference(rng: random.Random) -> tuple[int, int]:
    x, y = operands(rng)
    return (x, y) if x >= y or (max(x, y) < 100 and rng.random() < 0.2) else (y, x)


def arithmetic(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    kind = rng.random()
    if kind < 0.4:
        grammar, sign = _ADD[lang], "+"
        a, b = draw(rng, held, "add", lambda: operands(rng))
        result = a + b
    elif kind < 0.8:
        grammar, sign = _SUB[lang], "-"
        a, b = draw(rng, held, "sub", lambda: difference(rng))
        if a < b:  # below zero only as a bare sum: nobody gives away more than he has
            grammar = "\n".join(line for line in grammar.splitlines() if "小明" not in line and "Tom" not in line and "的差" not in line and "difference" not in line)
        result = a - b
    else:
        grammar, sign = _MUL[lang], "×"
        # The table cannot be worked out, only learnt: here the wording alone is held out, as it is for the facts.
        a, b = rng.randint(0, 12), rng.randint(0, 12)
        result = a * b
    return ask(rng, rng.choice(wordings(grammar, held)), {"a": a, "b": b}, lang), f"{a}{sign}{b}={result}"


def drill(rng: random.Random) -> tuple[str, str]:
    """A bare sum, for training only: the cheapest practice there is, with the four-digit differences of the heights."""
    kind = rng.random()
    if kind < 0.4:
        (a, b), sign = draw(rng, False, "add", lambda: operands(rng)), "+"
    elif kind < 0.65:
        (a, b), sign = draw(rng, False, "sub", lambda: difference(rng)), "-"
    else:
        a, b = draw(rng, False, "height", lambda: heightPair(rng))
        sign = "-"
    gap = rng.choice(["", "", " "])
    return f"{a}{gap}{sign}{gap}{b}{rng.choice(['=', '', ' =', '=?', '=？'])}", f"{a}{sign}{b}={a + b if sign == '+' else a - b}"


# --- 2. mountain heights -------------------------------------------------------------------------------------------

_PEAKS_ZH = """泰山 华山 衡山 恒山 嵩山 黄山 庐山 峨眉山 武夷山 珠穆朗玛峰 长白山 五台山 普陀山 九华山 武当山 青城山 天山 昆仑山 富士山 玉山
梅里雪山 贡嘎山 太白山 雁荡山 井冈山 龙虎山 三清山 天柱山 云台山 莫干山 丹霞山 罗浮山 点苍山 玉龙雪山 四姑娘山 乔戈里峰 勃朗峰 大别山 祁连山 阴山""".split()
_PEAKS_EN = """Everest Kilimanjaro Fuji Denali Elbrus Olympus Etna Snowdon Matterhorn Eiger Rainier Shasta Whitney Logan Cook Kenya Tai Hua Huangshan
Emei Lushan Vesuvius Ararat Pelion Teide Blanc Toubkal Kosciuszko Song Heng Robson Baker Hood Adams Washington Mitchell Katahdin Nevis Wutai Wuyi""".split()
_NAME_ZH = "东西南北中上下大小红黄青白黑金银铜铁石玉水火木土日月星云风雨雪雷龙虎马牛羊鹿鹤凤鸟鱼花草松竹梅兰春夏秋冬天地人王公子女神仙佛双三五七九百千万长高平安宁福寿乐美丽清明光古新老"
_SYLLABLES = "al an ar ba bel bo ca cor da del do el en fa fen ga gor ha hel il ka kel la lan lo ma mar mo na nor o or pa per ra ril ro sa sel ta tor u va vel wen za".split()

_HEIGHT = {
    "zh": """
{p}高{x}米，{q}高{y}米(。|，)(哪座山更高？高多少|哪座更高，高多少|哪座山高？高多少米|谁更高？高几米)
{p}(的高度是|海拔|海拔是|有){x}米，{q}(的高度是|海拔|海拔是|有){y}米(。|，)(哪座山更高？高多少|哪座更高，高多少米|哪一座高？高多少|谁高？高多少)
(已知|如果|假如){p}高{x}米，{q}高{y}米，(它们相差多少米|高度差是多少|哪座更高，高多少|两座山差多少)
(哪座山更高，高多少|哪座更高？高多少)(？|：){p}{x}米，{q}{y}米
{p}{x}米，{q}{y}米(。|，)(哪座更高？高多少|哪座山更高，高多少米|差多少)
""",
    "en": """
{p} is {x} (metres|meters|m) (high|tall) and {q} is {y} (metres|meters|m) (high|tall). (Which is higher, and by how much|Which one is higher and by how much|Which mountain is taller? By how much)
{p} is {x} (metres|meters|m) (high|tall), {q} is {y} (metres|meters|m). (Which is higher, and by how much|Which is taller? By how much|What is the difference)
(If|Suppose|Given that) {p} is {x} (metres|meters|m) high and {q} is {y} (metres|meters|m) high, (which is higher, and by how much|which one is taller and by how much|how big is the difference)
(Which is higher and by how much|Which mountain is taller, and by how much)(:|?) {p} (with|at) {x} (metres|m) or {q} (with|at) {y} (metres|m)
{p} has a height of {x} (metres|meters|m) and {q} of {y} (metres|meters|m). (Which is higher, and by how much|What is the difference)
""",
}


def peak(rng: random.Random, lang: str, held: bool) -> str:
    """A real mountain (on both sides of the split: visitors will ask for them), or a made one."""
    kind = rng.random()
    if kind < 0.35:
        real = rng.choice(_PEAKS_ZH if lang == "zh" else _PEAKS_EN)
        return real if lang == "zh" or rng.random() < 0.5 else "Mount " + real

    def name() -> tuple[str]:
        if lang == "zh":
            stem = rng.choice(ZH_WORDS) if kind < 0.42 else "".join(rng.choice(_NAME_ZH) for _ in range(rng.choice([1, 1, 2])))
            return (stem + rng.choice(["山"] * 6 + ["峰", "岭", "雪山"]),)
        made = rng.choice(EN_WORDS) if kind < 0.42 else "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice([2, 2, 3])))
        made = rng.choice(["", "", "Mount ", "Mount ", "Mt. "]) + made.capitalize()
        return (made.lower() if rng.random() < 0.08 else made,)

    return draw(rng, held, "peak", name, 8)[0]


def heightPair(rng: random.Random) -> tuple[int, int]:
    """The greater height first."""
    x = rng.randint(1000, 8999)
    y = rng.randint(1000, 8999) if rng.random() < 0.7 else x + rng.randint(-400, 400)
    return (max(x, y), min(x, y)) if x != y and 1000 <= y <= 8999 else heightPair(rng)


def heights(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    p = q = peak(rng, lang, held)
    while q.lower() == p.lower():
        q = peak(rng, lang, held)
    x, y = draw(rng, held, "height", lambda: heightPair(rng))
    if rng.random() < 0.5:
        x, y = y, x
    question = ask(rng, rng.choice(wordings(_HEIGHT[lang], held)), {"p": p, "q": q, "x": x, "y": y}, lang, opener=False, keepCase=True)
    (top, high), (_, low) = sorted([(p, x), (q, y)], key=lambda one: -one[1])
    work = f"{high}-{low}={high - low}"
    return question, f"{top}更高，高{work}米。" if lang == "zh" else f"{top} is higher, by {work} metres."


# --- 3. translation ------------------------------------------------------------------------------------------------

_TO_EN = {
    "zh": """
(“{zh}”|{zh})(用英语|用英文|的英语|的英文|英语|英文)(怎么说|是什么|怎么讲|叫什么)
(“{zh}”|{zh})(翻译成|译成)(英语|英文)(是什么|怎么说)
(把|请把)(“{zh}”|{zh})(翻译成|译成)(英语|英文)
(翻译|请翻译)(：|一下：|成英文：|成英语：){zh}
(英语|英文)里(“{zh}”|{zh})(怎么说|叫什么|是什么)
""",
    "en": """
(How do you say|How do I say|How would you say|How to say) ({zh}|"{zh}"|'{zh}') in English
(What is|What's) ({zh}|"{zh}"|'{zh}') in English
(Translate|Please translate) ({zh}|"{zh}"|'{zh}') (into|to) English
What does ({zh}|"{zh}"|'{zh}') mean
(What is|Tell me|Give me) the English (word for|for|translation of) {zh}
""",
}
_TO_ZH = {
    "zh": """
(“{en}”|{en}|"{en}")(用中文|用汉语|的中文|中文|汉语)(怎么说|是什么|怎么讲|叫什么)
(“{en}”|{en}|"{en}")(是什么意思|什么意思|的意思是什么)
(把|请把)(“{en}”|{en}|"{en}")(翻译成|译成)(中文|汉语)
(翻译|请翻译)(：|一下：|成中文：|成汉语：){en}
(中文|汉语)里(“{en}”|{en})(怎么说|叫什么|是什么)
""",
    "en": """
(How do you say|How do I say|How would you say|How to say) ({en}|"{en}"|'{en}') in Chinese
(What is|What's) ({en}|"{en}"|'{en}') in Chinese
(Translate|Please translate) ({en}|"{en}"|'{en}') (into|to) Chinese
(What is|Tell me|Give me) the Chinese (word for|for|translation of) {en}
""",
}


def translation(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    toEnglish = rng.random() < 0.5
    grammar = (_TO_EN if toEnglish else _TO_ZH)[lang]
    if not held and rng.random() < 0.12:  # the edge of the lexicon
        slots = {"zh": rng.choice(STRANGE_ZH), "en": rng.choice(STRANGE_EN)}
        return ask(rng, rng.choice(wordings(grammar, False)), slots, lang), UNKNOWN_ANSWER[lang]
    zh, en = rng.choice(LEXICON)
    return ask(rng, rng.choice(wordings(grammar, held)), {"zh": zh, "en": en}, lang), en if toEnglish else zh


# --- 4. facts ------------------------------------------------------------------------------------------------------

_FACT = {
    ("capital", "zh"): """
{a}的首都(是哪里|是哪|是什么|是哪个城市|在哪里|叫什么)
(哪里|哪个城市|哪座城市|什么城市)是{a}的首都
(说出|告诉我|说说|请说出){a}的首都
{a}(首都|的首都)
!(你知道|能告诉我){a}的首都(是哪里|是什么)吗
""",
    ("capital", "en"): """
(What is|What's|Which city is|Name|Tell me|Give me) the capital (of|city of) {a}
(Which|What) city is {a}'s capital
{a}'s capital is (which city|what|what city)
(Do you know|Can you tell me) the capital of {a}
(the capital|capital) of {a}
!(Tell me|Name|Give me) {a}'s capital
""",
    ("sound", "zh"): """
{a}(怎么叫|怎样叫|如何叫|是怎么叫的|会怎么叫|是怎样叫的)
{a}的(叫声|声音)(是什么|是怎样的|是什么样的|怎么样|像什么)
{a}(发出|会发出)(什么声音|什么叫声|怎样的声音|怎样的叫声)
""",
    ("sound", "en"): """
(What does|What would|What will) a {a} (say|sound like)
(What sound|Which sound|What noise) does a {a} make
(What is|Tell me|Name) the (sound|noise) (of|made by) a {a}
How does a {a} sound
""",
    ("colour", "zh"): """
{a}(是什么颜色|是什么颜色的|是哪种颜色|是什么色的|什么颜色|是何种颜色)
{a}的颜色(是什么|是哪种|是什么样的)
(说出|告诉我|说说){a}(是什么颜色|的颜色)
""",
    ("colour", "en"): """
(What|Which) (colour|color) is {a}
(What is|Tell me|Name|What's) the (colour|color) of {a}
{a} (has|is) (what|which) (colour|color)
(Tell me|Do you know) (what|which) (colour|color) {a} is
""",
    ("opposite", "zh"): """
(“{a}”|{a})的(反义词|反面|相反词)(是什么|是哪个|是啥|是哪个词|怎么说)
(什么|哪个词|哪个)是(“{a}”|{a})的反义词
(说出|告诉我|写出|找出)(“{a}”|{a})的反义词
(和|与|跟)(“{a}”|{a})(相反的词|意思相反的词|相反)(是什么|是哪个|的是什么)
""",
    ("opposite", "en"): """
(What is|What's|Tell me|Name|Give me) the (opposite|antonym) of ({a}|"{a}"|'{a}')
(What|Which) word is the opposite of ({a}|"{a}"|'{a}')
({a}|"{a}"|'{a}') is the opposite of (what|which word)
(opposite|antonym) of ({a}|"{a}")
""",
    ("count", "zh"): """
{a}(有|一共有|总共有|共有)(几|多少){u}
(告诉我|说说|你知道){a}有(几|多少){u}
""",
    ("count", "en"): """
How many {u} does {a} have
(Tell me|Do you know) how many {u} {a} has
{a} has how many {u}
(How many {u} are there in|How many {u} are in) {a}
(What is|Give me) the number of {u} (in|of) {a}
!(Can you tell me|I want to know) how many {u} {a} has
""",
    ("after", "zh"): """
{a}(后面|之后|过后|的后面|的下一个|接下来)(是什么|是|是哪个|是几)
(什么|哪个)在{a}(后面|之后)
""",
    ("after", "en"): """
(What|Which {u}) (comes after|follows|is after|comes right after|comes next after) {a}
(What is|Tell me|Name) the {u} (after|following) {a}
{a} is followed by (what|which {u})
""",
    ("before", "zh"): """
{a}(前面|之前|的前面|的前一个|的上一个)(是什么|是|是哪个|是几)
(什么|哪个)在{a}(前面|之前)
""",
    ("before", "en"): """
(What|Which {u}) (comes before|precedes|is before|comes right before|comes just before) {a}
(What is|Tell me|Name) the {u} (before|preceding) {a}
""",
}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def factRows() -> list[tuple[str, str, dict[str, str], str]]:
    """All facts as (kind, language, slots, answer)."""
    rows: list[tuple[str, str, dict[str, str], str]] = []
    for side, lang in ((0, "zh"), (1, "en")):
        zh = lang == "zh"
        for row in facts.table(facts.CAPITALS):
            a, b = facts.halves(row[side], lang)
            rows.append(("capital", lang, {"a": a}, f"{a}的首都是{b}。" if zh else f"The capital of {a} is {b}."))
        for row in facts.table(facts.SOUNDS):
            a, b = facts.halves(row[side], lang)
            rows.append(("sound", lang, {"a": a}, f"{a}的叫声是{b}。" if zh else f"A {a} says {b}."))
        for row in facts.table(facts.COLOURS):
            a, b = facts.halves(row[side], lang)
            rows.append(("colour", lang, {"a": a}, f"{a}是{b}的。" if zh else f"{_capital(a)} is {b}."))
        for row in facts.table(facts.OPPOSITES):
            pair = facts.halves(row[side], lang)
            for a, b in (pair, pair[::-1]):
                rows.append(("opposite", lang, {"a": a}, f"“{a}”的反义词是“{b}”。" if zh else f"The opposite of {a} is {b}."))
        for row in facts.table(facts.COUNTS):
            a, n, u = facts.halves(row[side], lang, 3)
            rows.append(("count", lang, {"a": a, "u": u}, f"{a}有{n}{u}。" if zh else f"{_capital(a)} has {n} {u}."))
        for cycle, unit in ((facts.DAYS_ZH, ""), (facts.MONTHS_ZH, "")) if zh else ((facts.DAYS_EN, "day"), (facts.MONTHS_EN, "month")):
            for i, a in enumerate(cycle):
                b = cycle[(i + 1) % len(cycle)]
                rows.append(("after", lang, {"a": a, "u": unit}, f"{a}后面是{b}。" if zh else f"{b} comes after {a}."))
                rows.append(("before", lang, {"a": b, "u": unit}, f"{b}前面是{a}。" if zh else f"{a} comes before {b}."))
    return rows


_ROWS = {lang: [row for row in factRows() if row[1] == lang] for lang in ("zh", "en")}
_KINDS = {lang: {kind: [row for row in _ROWS[lang] if row[0] == kind] for kind in sorted({row[0] for row in _ROWS[lang]})} for lang in ("zh", "en")}


def fact(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    if not held and rng.random() < 0.12:  # the edge of what it knows
        side = 0 if lang == "zh" else 1
        kind, strange = rng.choice([
            ("capital", rng.choice(facts.table(facts.STRANGE_COUNTRIES))[side]),
            ("opposite", rng.choice((STRANGE_ZH, STRANGE_EN)[side])),
            ("sound", rng.choice((STRANGE_ZH, STRANGE_EN)[side])),
        ])
        return ask(rng, rng.choice(wordings(_FACT[kind, lang], False)), {"a": strange}, lang), UNKNOWN_ANSWER[lang]
    rows = _ROWS[lang] if rng.random() < 0.6 else rng.choice(list(_KINDS[lang].values()))
    kind, _, slots, answer = rng.choice(rows)
    return ask(rng, rng.choice(wordings(_FACT[kind, lang], held)), slots, lang), answer


# --- 5. words ------------------------------------------------------------------------------------------------------

_COPY = {
    "zh": """
(重复|请重复|跟我说|照着说|复述|请复述|照抄)(：|这些词：|下面的词：|一遍：|以下的词：){w}
(把|请把)(这些词|下面的词|这几个词)(重复一遍|照抄一遍|再说一遍)：{w}
""",
    "en": """
(Repeat|Please repeat|Copy|Please copy|Write|Say)(:| these words:| after me:| the words:| the following words:) {w}
(Repeat|Copy) (this list|the list|this)(:| please:) {w}
""",
}
_REVERSE = {
    "zh": """
(把|请把|将)(这些词|下面的词|这几个词|顺序)(倒过来|反过来|倒过来说|反过来写|倒过来写)：{w}
(倒着说|倒着写|反着说|反着写|反转|倒序)(：|这些词：|下面的词：|这几个词：){w}
(倒序|逆序)(写出|说出|重复)(：|这些词：){w}
""",
    "en": """
(Reverse|Please reverse)(:| these words:| the words:| the order:| the order of these words:| this list:) {w}
(Say|Write|Repeat|Copy) (these words|the words|this list|this) (backwards|in reverse|in reverse order): {w}
(Backwards|In reverse order)(:| please:) {w}
""",
}
_PICK = {
    "zh": """
(这些词里|下面的词中|这几个词中)(第一个|第二个|最后一个)(是什么|词是什么|是哪个)：{w}
(第一个|第二个|最后一个)词(是什么|是哪个)：{w}
(说出|写出|找出)(第一个|第二个|最后一个)词：{w}
""",
    "en": """
(What is|What's|Which is|Tell me|Name) the (first|second|last) (word|word here|word in this list): {w}
(Say|Write|Give me) (only|just) the (first|second|last) word: {w}
""",
}


def wordList(rng: random.Random, lang: str, held: bool, low: int = 2, high: int = 5) -> list[str]:
    pool = (ZH_WORDS, STRANGE_ZH) if lang == "zh" else (EN_WORDS, STRANGE_EN)

    def words() -> tuple[str, ...]:
        chosen: list[str] = []
        for _ in range(rng.randint(low, high)):
            word = rng.choice(pool[0] if rng.random() < 0.75 else pool[1])
            if lang == "en" and rng.random() < 0.03:
                word = word.capitalize()
            if word not in chosen:
                chosen.append(word)
        return tuple(chosen) if len(chosen) > 1 else words()

    return list(draw(rng, held, "words", words))


def askList(rng: random.Random, wording: str, slots: dict[str, object], lang: str) -> str:
    """A question that ends in a list, mostly without a closing mark."""
    text = ask(rng, wording + "。", slots, lang, opener=False, keepCase=True).rstrip("。.")
    return text + (rng.choice("。？.?" if lang == "zh" else ".?") if rng.random() < 0.2 else "")


def words(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    chosen = wordList(rng, lang, held)
    comma = "、" if lang == "zh" else ", "
    typed = rng.choice([comma, comma, " ", "，" if lang == "zh" else ", ", " "]).join(chosen)
    kind = rng.random()
    if kind < 0.35:
        wording, answer = rng.choice(wordings(_COPY[lang], held)), comma.join(chosen)
    elif kind < 0.75:
        wording, answer = rng.choice(wordings(_REVERSE[lang], held)), comma.join(chosen[::-1])
    else:
        wording = rng.choice(wordings(_PICK[lang], held))
        index = 0 if "第一" in wording or "first" in wording else 1 if "第二" in wording or "second" in wording else -1
        answer = chosen[index]
    return askList(rng, wording, {"w": typed}, lang), answer


# --- 6. who it is, and manners -------------------------------------------------------------------------------------

_CHAT: list[tuple[str, str, str]] = [  # language, grammar, answer
    ("zh", """
(你是谁|你是什么|你叫什么|你叫什么名字|你的名字是什么|你是什么模型|你是哪个模型|你是哪位|怎么称呼你)
(介绍|请介绍)(一下自己|一下你自己|你自己|自己|下你自己)
(你能|能不能)(介绍一下自己|介绍你自己|说说你是谁|告诉我你是谁)
(你是|你是不是)(人|机器人|人工智能|真人|一个模型|MiniCPM)吗
""", "我是一个很小的MiniCPM演示模型，在你的浏览器里运行。"),
    ("en", """
(Who|What) (are you|are you exactly|exactly are you)
(What is|What's|Tell me) your name
(Introduce|Please introduce|Describe|Please describe) yourself
(Are you|So are you) (a person|a robot|an AI|a human|real|a model|MiniCPM|a bot)
(Tell me|Say something|Tell me more) about yourself
(Which|What|What kind of) model (are you|is this|am I talking to)
Who am I (talking to|chatting with|speaking with)
""", "I am a tiny MiniCPM demo model that runs in your browser."),
    ("zh", """
(你|那你)(会做什么|能做什么|会什么|会干什么|能干什么|有什么本事|可以做什么|能帮我做什么|有什么功能|会些什么)
(我|我们)(能|可以)(问你什么|问你些什么|让你做什么)
(你能帮我什么|你能帮我做些什么|你擅长什么|你会哪些事)
""", "我会算术、比较山的高度、翻译单词、回答简单常识和重排词语。"),
    ("en", """
(What|So what) (can you do|can you do for me|are you able to do|can you help me with|can I ask you|are you good at)
(How can you help|How can you help me|What do you know|What are your skills|What are you for)
(Tell me|Show me) what you can do
(What kind of questions|Which questions|What) (can I ask|can I ask you|can you answer)
""", "I can do sums, compare mountains, translate words, answer simple facts and reorder words."),
    ("zh", """
(你|那你)(在哪里运行|运行在哪里|在哪里|在哪儿运行|在哪儿|住在哪里)
(你|那你)(需要联网吗|要联网吗|需要网络吗|能离线运行吗|能离线用吗)
""", "我就在你的浏览器里运行，不需要联网。"),
    ("en", """
Where (do you run|are you running|are you|do you live)
(Do you need|Do you use) (the internet|a server|a network|internet)
(Can you|Do you) (work offline|run offline)
""", "I run right in your browser, without a server."),
    ("zh", """
(你|那你)(有多大|有多少参数|多大|的参数有多少|是多大的模型|参数量是多少)
(你的大小是多少|你很小吗|你是大模型吗|你是小模型吗)
""", "我很小，只有大约两百万个参数。"),
    ("en", """
How (big|large|small) are you
(How many parameters|How many weights) (do you have|have you got|are in you)
(Are you|Are you really) (a big model|a large model|a small model|small|big|large)
(What is|What's) your size
""", "I am tiny, with only about two million parameters."),
    ("zh", "(你好|您好|嗨|哈喽|早上好|晚上好|下午好|大家好|在吗|你好啊|你好呀|喂|早安|嘿)(|！|，你好|呀|~)", "你好！请问我一个小问题吧。"),
    ("en", "(Hello|Hi|Hey|Good morning|Good evening|Good afternoon|Hi there|Hello there|Hey there|Greetings|Howdy)(|!| nano|, you|, nano!| to you)", "Hello! Ask me a small question."),
    ("zh", "(谢谢|多谢|谢谢你|非常感谢|感谢|谢谢啦|太谢谢了|感谢你|谢了|十分感谢)(|！|哦|的帮助|了)", "不客气！"),
    ("en", "(Thanks|Thank you|Thank you very much|Thanks a lot|Many thanks|Thanks so much|Thx|Cheers, thanks)(|!| for that| for the help|, nano|, that helps)", "You are welcome!"),
    ("zh", "(再见|拜拜|回头见|下次见|晚安|明天见|我走了|88)(|！|，再见|啦|了)", "再见！"),
    ("en", "(Bye|Goodbye|See you|See you later|Good night|Bye bye|See you tomorrow|I have to go)(|!| then|, nano|, bye|, goodbye)", "Goodbye!"),
    ("zh", """
(你好吗|你怎么样|你还好吗|最近怎么样|你今天好吗|最近好吗|过得怎么样)(|啊|，朋友|，小模型|？我很好)
""", "我很好，谢谢！"),
    ("en", """
How are (you|things) (today|doing|now|going)
(How are you|How do you do|How is it going|How are you doing)(|, my friend|, nano| right now)
""", "I am fine, thank you!"),
    ("zh", """
(你真棒|你真聪明|你好厉害|做得好|很好|答对了|太好了|干得好|不错|真厉害)(|！|啊|哦|，小模型)
""", "谢谢夸奖！"),
    ("en", """
(Well done|Good job|Great|Very good|Nice|You are smart|That is right|Correct|Good answer|Excellent)(|!|, nano|, well done| indeed)
""", "Thank you!"),
]


def chat(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    weights = [3 if i < 4 else 2 if i < 14 else 1 for i in range(len(_CHAT))]
    while True:
        chatLang, grammar, answer = rng.choices(_CHAT, weights)[0]
        if chatLang == lang:
            return ask(rng, rng.choice(wordings(grammar, held)), {}, lang, opener=rng.random() < 0.3), answer


# --- 7. numbers ----------------------------------------------------------------------------------------------------

_NUMBERS = {
    ("larger", "zh"): """
{a}(和|与|跟){b}(哪个大|哪个更大|哪个数大|谁大|谁更大|比，哪个大)
(哪个大|哪个更大|哪个数更大|谁更大)(：|，|？){a}(还是|和|与){b}
(比较|比较一下){a}(和|与){b}(，哪个大|，哪个更大|，谁大)
""",
    ("larger", "en"): """
(Which is|Which number is|What is|Which one is) (larger|bigger|greater)(,|:) {a} or {b}
(Is|Which is larger, is it) {a} or {b} (larger|bigger|greater)
Of {a} and {b}, which is (larger|bigger|greater)
(Name|Tell me) the (larger|bigger|greater) of {a} and {b}
""",
    ("smaller", "zh"): """
{a}(和|与|跟){b}(哪个小|哪个更小|哪个数小|谁小|谁更小|比，哪个小)
(哪个小|哪个更小|哪个数更小|谁更小)(：|，|？){a}(还是|和|与){b}
(比较|比较一下){a}(和|与){b}(，哪个小|，哪个更小|，谁小)
""",
    ("smaller", "en"): """
(Which is|Which number is|What is|Which one is) (smaller|less|the smaller)(,|:) {a} or {b}
Of {a} and {b}, which is (smaller|less|the smaller)
(Name|Tell me) the (smaller|lesser) of {a} and {b}
""",
    ("next", "zh"): """
{a}(后面|之后|的后面|的下一个)(的数是几|是几|的数是多少|是多少|是什么数|是哪个数)
(数数时|数数的时候)，{a}(后面|之后)(是几|是多少|是什么)
""",
    ("next", "en"): """
(What|Which) number (comes after|follows|is after|comes right after) {a}
(What comes|What is) (after|right after|just after) {a} (when counting|in counting)
(What is|Tell me|Name) the number after {a}
""",
    ("previous", "zh"): """
{a}(前面|之前|的前面|的前一个)(的数是几|是几|的数是多少|是多少|是什么数|是哪个数)
(数数时|数数的时候)，{a}(前面|之前)(是几|是多少|是什么)
""",
    ("previous", "en"): """
(What|Which) number (comes before|precedes|is before|comes right before) {a}
(What comes|What is) (before|right before|just before) {a} (when counting|in counting)
(What is|Tell me|Name) the number before {a}
""",
    ("sequence", "zh"): """
{s}(，下一个数是多少|，下一个数是几|，下一个是多少|，接下来是多少|，然后是几|，后面是几)
(找规律|接着写|按规律填数|接着数)(：|，|:){s}(，|，？|，……)
(这列数|数列)(：|){s}(，下一个是几|，下一个数是多少)
""",
    ("sequence", "en"): """
{s}(, what comes next|, what is next|. What is the next number|, which number comes next|, and then)
(What comes next|What is next|Which number comes next|Continue|What is the next number)(:|?|: the sequence) {s}
(Find|Give|Tell me) the next number(:| of| after) {s}
""",
    ("count", "zh"): """
(数一数|数一下|数数)(：|，)(有几个词|一共有几个|这里有几个词|有多少个)(：|？){w}
(这里|下面)(有几个词|一共有几个词|有多少个词)：{w}
""",
    ("count", "en"): """
(How many words|How many things|How many items) (are here|are there|are in this list|do you see): {w}
(Count|Please count)(:| these words:| the words:| the items:) {w}
""",
    ("sort", "zh"): """
(从小到大|由小到大|按从小到大)(排列|排序|排|排一下|排好)(：|，|这些数：){s}
(把|请把)(这些数|下面的数|这几个数)(从小到大|由小到大)(排列|排序)：{s}
""",
    ("sort", "en"): """
(Sort|Order|Arrange|Please sort)(:| these numbers:| the numbers:| from small to large:| from smallest to largest:) {s}
(Put|Please put) (these|these numbers|the numbers) in (order|ascending order): {s}
""",
    ("parity", "zh"): """
{a}是(奇数还是偶数|偶数还是奇数|单数还是双数|双数还是单数)
(判断|请判断|说说){a}(是奇数还是偶数|的奇偶|是单数还是双数)
""",
    ("parity", "en"): """
(Is|Is the number|Tell me, is) {a} (odd or even|even or odd|an odd or an even number|an even or an odd number)
{a}(:| is) (odd or even|even or odd)
""",
}
_NUMBER_KINDS = ["larger", "smaller", "next", "previous", "sequence", "sequence", "count", "sort", "sort", "parity"]


def numbers(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    kind, zh = rng.choice(_NUMBER_KINDS), lang == "zh"
    wording = rng.choice(wordings(_NUMBERS[kind, lang], held))
    comma = "、" if zh else ", "
    typed = rng.choice([comma, comma, "，" if zh else ",", " "])
    slots: dict[str, object] = {}
    if kind in ("larger", "smaller"):
        def pair() -> tuple[int, int]:
            a = number(rng)
            b = number(rng) if rng.random() < 0.6 else max(0, a + rng.randint(-9, 9))
            return (a, b) if a != b else pair()

        a, b = draw(rng, held, kind, pair)
        slots = {"a": a, "b": b}
        pick = max(a, b) if kind == "larger" else min(a, b)
        answer = f"{pick}更{'大' if kind == 'larger' else '小'}。" if zh else f"{pick} is {kind}."
    elif kind in ("next", "previous"):
        (a,) = draw(rng, held, kind, lambda: (rng.randint(1, 999) if rng.random() < 0.7 else rng.randint(1, 20),))
        slots = {"a": a}
        if kind == "next":
            answer = f"{a}后面是{a + 1}。" if zh else f"{a + 1} comes after {a}."
        else:
            answer = f"{a}前面是{a - 1}。" if zh else f"{a - 1} comes before {a}."
    elif kind == "sequence":
        start, step = draw(rng, held, kind, lambda: (rng.randint(0, 50), rng.choice([-5, -2, -1] + list(range(1, 11)))))
        if step < 0:
            start += 30
        slots = {"s": typed.join(str(start + i * step) for i in range(4))}
        after = start + 4 * step
        answer = f"下一个数是{after}。" if zh else f"The next number is {after}."
    elif kind == "count":
        chosen = wordList(rng, lang, held, 2, 7)
        slots = {"w": typed.join(chosen)}
        answer = f"一共有{len(chosen)}个。" if zh else f"There are {len(chosen)}."
    elif kind == "sort":
        values = list(draw(rng, held, kind, lambda: tuple(rng.sample(range(100) if rng.random() < 0.7 else range(10), rng.randint(3, 4)))))
        slots = {"s": typed.join(map(str, values))}
        answer = comma.join(map(str, sorted(values)))
    else:
        (a,) = draw(rng, held, kind, lambda: (number(rng),))
        slots = {"a": a}
        answer = f"{a}是{'奇数' if a % 2 else '偶数'}。" if zh else f"{a} is {'odd' if a % 2 else 'even'}."
    if "{w}" in wording or wording.endswith("{s}"):
        return askList(rng, wording, slots, lang), answer
    return ask(rng, wording, slots, lang), answer


# --- 8. everything else --------------------------------------------------------------------------------------------


def unknown(rng: random.Random, lang: str, held: bool) -> tuple[str, str]:
    question = strayChatter(rng, lang) if not held and rng.random() < 0.15 else makeUnknown(rng, lang, held)
    return question, UNKNOWN_ANSWER[lang]


TASKS: dict[str, Maker] = {
    "arithmetic": arithmetic,
    "heights": heights,
    "translation": translation,
    "facts": fact,
    "words": words,
    "chat": chat,
    "numbers": numbers,
    "unknown": unknown,
}
# How often training meets each task: those that must be computed need more practice than those to be remembered.
SHARE: dict[str, float] = {"arithmetic": 15, "heights": 27, "translation": 7, "facts": 10, "words": 13, "chat": 6, "numbers": 18, "unknown": 4}
