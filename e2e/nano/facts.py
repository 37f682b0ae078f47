"""Simple facts, as small tables. Every row is one fact, stated in Chinese and in English."""

# country, capital (Chinese) | country, capital (English)
CAPITALS = """
中国 北京|China Beijing;法国 巴黎|France Paris;英国 伦敦|Britain London;德国 柏林|Germany Berlin;日本 东京|Japan Tokyo;
美国 华盛顿|the USA Washington;俄罗斯 莫斯科|Russia Moscow;意大利 罗马|Italy Rome;西班牙 马德里|Spain Madrid;葡萄牙 里斯本|Portugal Lisbon;
韩国 首尔|South Korea Seoul;印度 新德里|India New Delhi;泰国 曼谷|Thailand Bangkok;越南 河内|Vietnam Hanoi;埃及 开罗|Egypt Cairo;
希腊 雅典|Greece Athens;荷兰 阿姆斯特丹|the Netherlands Amsterdam;比利时 布鲁塞尔|Belgium Brussels;奥地利 维也纳|Austria Vienna;
瑞士 伯尔尼|Switzerland Bern;瑞典 斯德哥尔摩|Sweden Stockholm;挪威 奥斯陆|Norway Oslo;芬兰 赫尔辛基|Finland Helsinki;丹麦 哥本哈根|Denmark Copenhagen;
波兰 华沙|Poland Warsaw;加拿大 渥太华|Canada Ottawa;澳大利亚 堪培拉|Australia Canberra;巴西 巴西利亚|Brazil Brasilia;古巴 哈瓦那|Cuba Havana;
爱尔兰 都柏林|Ireland Dublin;匈牙利 布达佩斯|Hungary Budapest;蒙古 乌兰巴托|Mongolia Ulaanbaatar;
"""
SOUNDS = """
狗 汪汪|dog woof;猫 喵喵|cat meow;牛 哞哞|cow moo;羊 咩咩|sheep baa;鸭子 嘎嘎|duck quack;公鸡 喔喔|rooster cock-a-doodle-doo;
母鸡 咯咯|hen cluck;青蛙 呱呱|frog ribbit;蜜蜂 嗡嗡|bee buzz;老鼠 吱吱|mouse squeak;小鸡 叽叽|chick cheep;蛇 嘶嘶|snake hiss
"""
# thing, colour
COLOURS = """
香蕉 黄色|a banana yellow;天空 蓝色|the sky blue;草 绿色|grass green;雪 白色|snow white;血 红色|blood red;煤 黑色|coal black;
柠檬 黄色|a lemon yellow;牛奶 白色|milk white;草莓 红色|a strawberry red;樱桃 红色|a cherry red;大海 蓝色|the sea blue;叶子 绿色|a leaf green;
盐 白色|salt white;巧克力 棕色|chocolate brown;胡萝卜 橙色|a carrot orange;大象 灰色|an elephant grey;天鹅 白色|a swan white;乌鸦 黑色|a crow black;
消防车 红色|a fire engine red;茄子 紫色|an aubergine purple;棉花 白色|cotton white;太阳 黄色|the sun yellow
"""
OPPOSITES = """
大 小|big small;高 低|high low;长 短|long short;快 慢|fast slow;新 旧|new old;好 坏|good bad;热 冷|hot cold;多 少|many few;
远 近|far near;黑 白|black white;上 下|up down;左 右|left right;前 后|front back;里 外|inside outside;开 关|open closed;来 去|come go;
胖 瘦|fat thin;强 弱|strong weak;轻 重|light heavy;深 浅|deep shallow;早 晚|early late;真 假|true false;对 错|correct wrong;
宽 窄|wide narrow;干 湿|dry wet;软 硬|soft hard;穷 富|poor rich;甜 苦|sweet bitter;明 暗|bright dark;哭 笑|cry laugh;
买 卖|buy sell;生 死|life death;男 女|male female;日 夜|day night;东 西|east west;南 北|south north;饱 饿|full empty;
美丽 丑陋|beautiful ugly;勇敢 胆小|brave timid;安静 吵闹|quiet loud;容易 困难|easy difficult;开始 结束|start end;干净 肮脏|clean dirty;安全 危险|safe dangerous
"""
# whole, number, part: "a week has 7 days"
COUNTS = """
一周 7 天|a week 7 days;一年 12 个月|a year 12 months;一天 24 小时|a day 24 hours;一小时 60 分钟|an hour 60 minutes;一分钟 60 秒|a minute 60 seconds;
狗 4 条腿|a dog 4 legs;蜘蛛 8 条腿|a spider 8 legs;昆虫 6 条腿|an insect 6 legs;鸟 2 条腿|a bird 2 legs;章鱼 8 条腕|an octopus 8 arms;
三角形 3 条边|a triangle 3 sides;正方形 4 条边|a square 4 sides;五边形 5 条边|a pentagon 5 sides;六边形 6 条边|a hexagon 6 sides;
一只手 5 根手指|a hand 5 fingers;一打 12 个|a dozen 12 items;一世纪 100 年|a century 100 years;
一米 100 厘米|a metre 100 centimetres;一公里 1000 米|a kilometre 1000 metres;自行车 2 个轮子|a bicycle 2 wheels;汽车 4 个轮子|a car 4 wheels;
一年 4 个季节|a year 4 seasons;彩虹 7 种颜色|a rainbow 7 colours
"""
DAYS_ZH = "星期一 星期二 星期三 星期四 星期五 星期六 星期日".split()
DAYS_EN = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS_ZH = "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月".split()
MONTHS_EN = "January February March April May June July August September October November December".split()

# Asked about these, the model is to say that it does not know.
STRANGE_COUNTRIES = """
秘鲁|Peru;智利|Chile;阿根廷|Argentina;墨西哥|Mexico;肯尼亚|Kenya;尼日利亚|Nigeria;土耳其|Turkey;伊朗|Iran;伊拉克|Iraq;沙特阿拉伯|Saudi Arabia;
巴基斯坦|Pakistan;尼泊尔|Nepal;缅甸|Myanmar;老挝|Laos;柬埔寨|Cambodia;马来西亚|Malaysia;印度尼西亚|Indonesia;菲律宾|the Philippines;
新西兰|New Zealand;冰岛|Iceland;捷克|Czechia;罗马尼亚|Romania;保加利亚|Bulgaria;乌克兰|Ukraine;摩洛哥|Morocco;埃塞俄比亚|Ethiopia;
加纳|Ghana;南非|South Africa;哥伦比亚|Colombia;委内瑞拉|Venezuela;火星|Mars;亚特兰蒂斯|Atlantis
"""


def table(text: str) -> list[tuple[str, str]]:
    """Rows of a table as (Chinese side, English side)."""
    rows = [row.strip() for row in text.replace("\n", "").split(";")]
    return [tuple(row.split("|")) for row in rows if row]  # type: ignore[misc]


def halves(side: str, lang: str, parts: int = 2) -> tuple[str, ...]:
    """Splits one side of a row. English subjects may hold spaces ("the USA"), so the split is from the right."""
    return tuple(side.split(" ") if lang == "zh" else side.rsplit(" ", parts - 1))
