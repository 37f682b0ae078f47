"""Everything the model is to admit that it does not know: open questions, big requests, and plain noise."""

import random

from lexicon import EN_WORDS, STRANGE_EN, STRANGE_ZH, ZH_WORDS
from wordings import ask, isHeld, wordings

UNKNOWN_ANSWER = {"zh": "我不知道。我只是一个很小的演示模型。", "en": "I don't know. I am only a tiny demo model."}

_TOPICS_ZH = """量子力学 相对论 人工智能 区块链 股票 房价 世界杯 奥运会 红楼梦 西游记 三国演义 莎士比亚 牛顿 爱因斯坦 李白 杜甫 孔子 秦始皇 拿破仑 贝多芬
黑洞 光合作用 基因 病毒 疫苗 气候变化 全球变暖 恐龙 长城 故宫 金字塔 埃菲尔铁塔 互联网 编程 机器学习 神经网络 操作系统 数据库 微积分 概率论 民主 自由 幸福 爱情 人生
死亡 时间旅行 外星人 月球 火星 银河系 地震 台风 癌症 感冒 失眠 减肥 健身 瑜伽 旅游 签证 护照 工资 税 贷款 保险 律师 婚姻 教育 高考 大学 论文 简历 面试
篮球 足球 围棋 象棋 电影 小说 诗歌 京剧 流行音乐 油画 摄影 宠物 汉堡 火锅 红烧肉 咖啡机 手机 相机 无人机 电动车 高铁 飞机票 酒店 天气 新闻 总统 战争 和平 石油 黄金价格
新冠 光速 原子 牛奶的价格 鲁迅 武则天 哈利波特 超人 圣诞节 春节 中秋节 巴黎圣母院 尼罗河 太平洋 亚马逊河 北极熊 企鹅""".split()
_TOPICS_EN = """quantum mechanics|relativity|artificial intelligence|blockchain|the stock market|house prices|the World Cup|the Olympics|Shakespeare|Newton|Einstein|Napoleon|Beethoven|Mozart
black holes|photosynthesis|genes|viruses|vaccines|climate change|global warming|dinosaurs|the Great Wall|the pyramids|the Eiffel Tower|the internet|programming|machine learning|neural networks
operating systems|databases|calculus|probability|democracy|freedom|happiness|love|life|death|time travel|aliens|the Moon|Mars|the galaxy|earthquakes|typhoons|cancer|flu|sleep|diets|yoga|travel
visas|passports|wages|taxes|loans|insurance|lawyers|marriage|education|university|essays|job interviews|basketball|football|chess|movies|novels|poetry|opera|pop music|oil paintings|photography
pets|burgers|pizza|sushi|coffee machines|phones|cameras|drones|electric cars|trains|plane tickets|hotels|the weather|the news|the president|war|peace|oil|the price of gold|the speed of light
atoms|Harry Potter|Superman|Christmas|Easter|the Nile|the Pacific|the Amazon|polar bears|penguins|the Roman Empire|the French Revolution|Leonardo|Picasso|Tolstoy|Plato|Socrates|Gandhi|Python|JavaScript
Linux|the Beatles|Star Wars|the Titanic|tax law|DNA|volcanoes|tigers in India|healthy food|good manners""".replace("\n", "|").split("|")

_OPEN = {
    "zh": """
(请|帮我|给我|能不能)(写一首关于{t}的诗|写一篇关于{t}的文章|写一个关于{t}的故事|写一段介绍{t}的话)
(什么是|请解释|解释一下|介绍一下|说说|谈谈|讲讲|聊聊){t}
{t}(是什么|是什么意思呀|的历史|的原理是什么|的意义是什么|有什么用|怎么样|重要吗|为什么重要|是谁|在哪里|有多大|值得学吗|好吗)
(为什么|怎么|如何)(会有{t}|学习{t}|理解{t}|看待{t}|了解{t})
(谁发明了|谁发现了|谁喜欢|谁知道){t}
(你觉得|你认为|你喜欢|你了解|你知道|你听说过){t}(怎么样|吗)
(关于){t}(你知道什么|有哪些书|有什么建议|能说几句吗)
{t}(什么时候出现的|什么时候开始|多少钱|有几种|需要多久)
(推荐|推荐一下|请推荐)(几本关于{t}的书|几部关于{t}的电影|一个关于{t}的网站)
(今天|明天|昨天|现在|下周)(天气怎么样|几点了|会下雨吗|有什么新闻|是几号|股票会涨吗|谁赢了比赛|气温多少)
(北京|上海|纽约|巴黎|我家附近)(天气如何|有什么好吃的|有多少人口|有什么好玩的|怎么去|下雨了吗|房价多少)
(我|我们)(该怎么办|应该吃什么|叫什么名字|今天心情不好|想买一部手机|想去旅游|该学什么|几岁了|头疼怎么办|失眠怎么办)
(给我|帮我|请)(讲个笑话|唱首歌|订一张机票|写代码|写一封信|画一张画|做个计划|起个名字|播放音乐|查一下邮件|总结一下这篇文章|改一下作文)
(谁是|谁当上了)(美国总统|世界首富|法国国王|第一名|最好的歌手|中国首任皇帝|我的老板)
(世界上|地球上|历史上)(最长的河|最大的国家|最高的人|最深的海|最快的动物|最老的树|最有钱的人|最小的国家)(是什么|是哪个|是谁|在哪里)
(一公斤|一斤|一吨|一升)(苹果|牛肉|水|铁|大米)(多少钱|有多重|能卖多少)
(如何|怎样|怎么)(做饭|做蛋糕|修电脑|赚钱|减肥|变聪明|交朋友|学英语|种花|开车|养猫|写小说)
""",
    "en": """
(Write|Please write|Can you write|Give me) (a poem|an essay|a story|a song|a few lines) about {t}
(What is|What are|Explain|Please explain|Describe|Define|Talk about|Tell me about|Teach me) {t}
(Why|How) (do people like|does one learn|should I study|did people discover|do we need|do you explain) {t}
(Who invented|Who discovered|Who likes|Who wrote about|Who knows) {t}
(Do you like|Do you know|Have you heard of|What do you think of|What do you know about|Are you interested in) {t}
(What is|Tell me) the (history|meaning|purpose|future|price|best part|origin) of {t}
(When|Where) (did {t} begin|was {t} first seen|can I find {t}|can I read about {t})
(Recommend|Please recommend|Suggest) (a book|a film|some websites|a course) about {t}
(Is|Are) {t} (important|good|dangerous|interesting|expensive|real)
(What is|How is|Tell me) the (weather|time|news|temperature|traffic) (today|now|tomorrow|in Paris|in London|here)
(Will it rain|Is it cold|Is it raining|Who won the game|What happened|What day is it) (today|now|tomorrow|yesterday)
(Who is|Who was) (the president|the richest man|the best singer|the king of France|my boss|the first emperor|the fastest runner)
(What is|Which is) the (longest river|largest country|tallest building|deepest sea|fastest animal|oldest tree|smallest country) (in the world|on Earth|ever)
(Tell me|Make|Can you tell) (a joke|me a secret|a riddle|me a bedtime story)
(Book|Find|Order|Buy|Get) (a flight|a hotel|a pizza|a taxi|a ticket) (for me|to Paris|for tonight|please)
(How do I|How can I|How to) (cook rice|bake a cake|fix a computer|make money|lose weight|make friends|learn French|grow flowers|drive a car|write a novel|sleep better)
(What should|What shall) (I eat|I wear|I do|I read|we watch|I study) (today|tonight|next|this week)
(Write|Fix|Explain|Check) (this code|my homework|a program|a web page|my email|this function)
(How many people live in|How far is|What language do they speak in|How do I get to) (Paris|London|Beijing|New York|Mexico|my town)
(My head hurts|I am sad|I am bored|I want to travel|I lost my phone|I need a new job|I cannot sleep)(, what should I do|. Help me| today|)
(Summarise|Summarize|Translate|Proofread) (this article|this page|the whole book|the text below|my essay)
""",
}

# The frequent characters of a Chinese text font (GB 2312, level 1): noise is drawn from all of them.
_COMMON_HAN = [bytes([high, low]).decode("gb2312", "ignore") for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)]
_COMMON_HAN = [char for char in _COMMON_HAN if char]


def makeUnknown(rng: random.Random, lang: str, held: bool) -> str:
    topics = _TOPICS_ZH if lang == "zh" else _TOPICS_EN
    if not held and rng.random() < 0.25:  # also plain words as topics, so that a known word alone is no clue
        topics = STRANGE_ZH if lang == "zh" else STRANGE_EN
    while True:
        topic = rng.choice(topics)
        if isHeld("topic:" + topic) == held or topics in (STRANGE_ZH, STRANGE_EN):
            break
    return ask(rng, rng.choice(wordings(_OPEN[lang], held)), {"t": topic}, lang)


def strayChatter(rng: random.Random, lang: str) -> str:
    """Noise: words without a task, runs of random characters, sums beyond the range. Only for training."""
    kind = rng.random()
    if kind < 0.35:
        words = (ZH_WORDS + STRANGE_ZH) if lang == "zh" else (EN_WORDS + STRANGE_EN)
        return ("" if lang == "zh" else " ").join(rng.choice(words) for _ in range(rng.choice([1, 1, 2, 3])))
    if kind < 0.75 or lang == "zh":
        if lang == "zh":
            text = "".join(rng.choice(_COMMON_HAN) for _ in range(rng.randint(1, 8)))
            return text + rng.choice(["", "？", "。", "吗？", "是什么？", "呢？"])
        words = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyzaeiou") for _ in range(rng.randint(2, 7))) for _ in range(rng.randint(1, 4))]
        return " ".join(words) + rng.choice(["", "?", ".", "!"])
    topic = rng.choice(_TOPICS_EN)
    return rng.choice(["{} {}?", "{} and {}", "why {} {}", "who is {} {}", "what {} {}"]).format(topic, rng.choice(EN_WORDS + STRANGE_EN))
