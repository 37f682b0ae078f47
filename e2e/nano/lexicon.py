"""The translation lexicon (Chinese, English) and words the model is meant NOT to know."""

_LEXICON = """
苹果 apple,香蕉 banana,橙子 orange,葡萄 grape,西瓜 watermelon,桃子 peach,梨 pear,柠檬 lemon,草莓 strawberry,樱桃 cherry,
猫 cat,狗 dog,鸟 bird,鱼 fish,马 horse,牛 cow,羊 sheep,猪 pig,鸡 chicken,鸭子 duck,兔子 rabbit,老虎 tiger,狮子 lion,熊 bear,
猴子 monkey,大象 elephant,老鼠 mouse,蛇 snake,青蛙 frog,乌龟 turtle,蜜蜂 bee,蝴蝶 butterfly,蚂蚁 ant,狼 wolf,狐狸 fox,熊猫 panda,
水 water,火 fire,山 mountain,河 river,海 sea,湖 lake,天空 sky,太阳 sun,月亮 moon,星星 star,云 cloud,雨 rain,雪 snow,风 wind,
冰 ice,石头 stone,沙子 sand,土地 land,岛 island,森林 forest,树 tree,花 flower,草 grass,叶子 leaf,种子 seed,
米饭 rice,面包 bread,面条 noodles,鸡蛋 egg,牛奶 milk,茶 tea,咖啡 coffee,糖 sugar,盐 salt,肉 meat,汤 soup,蛋糕 cake,奶酪 cheese,
蔬菜 vegetable,水果 fruit,土豆 potato,番茄 tomato,洋葱 onion,胡萝卜 carrot,玉米 corn,蘑菇 mushroom,
红色 red,蓝色 blue,绿色 green,黄色 yellow,黑色 black,白色 white,紫色 purple,粉色 pink,灰色 grey,棕色 brown,
父亲 father,母亲 mother,哥哥 brother,姐姐 sister,儿子 son,女儿 daughter,朋友 friend,老师 teacher,学生 student,医生 doctor,
孩子 child,男人 man,女人 woman,国王 king,女王 queen,农民 farmer,司机 driver,厨师 cook,
头 head,手 hand,脚 foot,眼睛 eye,耳朵 ear,鼻子 nose,嘴 mouth,牙齿 tooth,头发 hair,心 heart,血 blood,
房子 house,门 door,窗户 window,墙 wall,桌子 table,椅子 chair,床 bed,灯 lamp,钥匙 key,镜子 mirror,厨房 kitchen,花园 garden,
书 book,笔 pen,纸 paper,信 letter,报纸 newspaper,地图 map,图片 picture,音乐 music,歌 song,电影 film,故事 story,词 word,
衣服 clothes,帽子 hat,鞋 shoe,裙子 skirt,外套 coat,雨伞 umbrella,眼镜 glasses,杯子 cup,盘子 plate,刀 knife,叉子 fork,勺子 spoon,瓶子 bottle,盒子 box,袋子 bag,
汽车 car,火车 train,飞机 plane,船 ship,自行车 bicycle,公共汽车 bus,路 road,桥 bridge,车站 station,城市 city,村庄 village,
学校 school,医院 hospital,商店 shop,银行 bank,公园 park,图书馆 library,博物馆 museum,饭店 restaurant,
时间 time,今天 today,明天 tomorrow,昨天 yesterday,早上 morning,晚上 evening,夜 night,年 year,月 month,星期 week,天 day,小时 hour,
春天 spring,夏天 summer,秋天 autumn,冬天 winter,钱 money,工作 work,名字 name,问题 question,世界 world,国家 country,
电脑 computer,电话 telephone,电视 television,钟 clock,手表 watch,球 ball,游戏 game,礼物 gift,
金 gold,银 silver,铁 iron,木头 wood,玻璃 glass,吃 eat,喝 drink,睡觉 sleep,跑 run,走 walk,看 see,听 listen,读 read,写 write,说 speak,
唱歌 sing,跳舞 dance,游泳 swim,飞 fly,买 buy,卖 sell,爱 love,笑 laugh,哭 cry,想 think,学习 study,帮助 help
"""

# Words without an entry above. They teach the model where its lexicon ends, and fill word lists.
_STRANGE_ZH = """
电梯 蜡烛 螃蟹 宇宙 火山 海豚 望远镜 显微镜 蜥蜴 鲸鱼 法律 哲学 经济 历史 化学 物理 政治 艺术 雕像 沙漠 隧道 邮票 护照 签证
牙医 律师 警察 消防员 宇航员 钢琴 小提琴 吉他 足球 篮球 网球 冰箱 洗衣机 空调 手机 键盘 鼠标 屏幕 电池 火箭 卫星 骆驼 长颈鹿 企鹅
袋鼠 孔雀 鹦鹉 蜘蛛 蚊子 蜗牛 鲨鱼 章鱼 菠萝 芒果 椰子 核桃 花生 豆腐 饺子 包子 火锅 酱油 辣椒 大蒜 生姜 黄瓜 南瓜 白菜 菠菜
毛巾 肥皂 牙刷 枕头 被子 毯子 沙发 地毯 窗帘 梯子 锤子 钉子 剪刀 绳子 胶水 铅笔 橡皮 黑板 日记 字典 杂志 小说 诗 画 照片 相机
"""
_STRANGE_EN = """
elevator candle crab universe volcano dolphin telescope lizard whale law philosophy economy history chemistry physics politics art statue
desert tunnel stamp passport visa dentist lawyer police fireman astronaut piano violin guitar football basketball tennis fridge phone
keyboard screen battery rocket satellite camel giraffe penguin kangaroo peacock parrot spider mosquito snail shark octopus pineapple mango
coconut walnut peanut tofu dumpling pepper garlic ginger cucumber pumpkin cabbage spinach towel soap pillow blanket sofa carpet curtain
ladder hammer nail scissors rope glue pencil rubber blackboard diary dictionary magazine novel poem photo camera justice freedom courage
wisdom silence shadow dream engine wheel gravity energy oxygen planet galaxy castle bridgehead cathedral wizard dragon ghost robot
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(entry.split()) for entry in text.replace("\n", "").split(",")]  # type: ignore[misc]


LEXICON: list[tuple[str, str]] = _pairs(_LEXICON)
ZH_WORDS: list[str] = [zh for zh, _ in LEXICON]
EN_WORDS: list[str] = [en for _, en in LEXICON]
STRANGE_ZH: list[str] = _STRANGE_ZH.split()
STRANGE_EN: list[str] = _STRANGE_EN.split()

assert len(set(ZH_WORDS)) == len(ZH_WORDS) and len(set(EN_WORDS)) == len(EN_WORDS)
assert not set(STRANGE_ZH) & set(ZH_WORDS) and not set(STRANGE_EN) & set(EN_WORDS)
