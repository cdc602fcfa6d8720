"""Closed lists in the words senders use for them (DOMAIN §4 rows 42, 44)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSEEN: Final = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad“”‘’\"'`《》〈〉]+")


def fold(text: str) -> str:
    """As words are compared: width and case folded, no spaces, no quotation marks, nothing unseen."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _words(block: str) -> dict[str, str]:
    """Lines of ``meaning: word word``; a meaning in Chinese is a word for itself."""
    found: dict[str, str] = {}
    for line in block.strip().splitlines():
        meaning, _, words = line.strip().partition(":")
        if not meaning.isascii():
            found[fold(meaning)] = meaning
        found |= {fold(word): meaning for word in words.split()}
    return found


#: Words → values of Gender, CadreKind, UnionLevel in org.states.
GENDERS: Final = _words("""
    male: 男 男性 male M
    female: 女 女性 female F
""")
CADRE_KINDS: Final = _words("""
    full_time: 专职 专 专职干部 专职工会干部 全职
    part_time: 兼职 兼 兼职干部 兼任 兼职工会干部
    seconded: 挂职 挂 挂职干部 挂任
    socialized: 社会化 社会化工会工作者 社工 社会化干部 聘用 社会化工作者 专职社会化工会工作者
""")
LEVELS: Final = _words("""
    national: 全国 全国级 中央 国家级
    province: 省级 省 自治区级 直辖市级
    city: 市级 市 地市级 设区的市级 州级
    district: 区县级 区级 县级 县区级 区县 县 区 县(市、区)级
    town: 乡镇街道级 乡镇级 街道级 乡镇街道 镇街级 乡镇 街道 园区级
    grassroots: 基层 基层工会 基层级 企业 企业工会
""")
#: The lists below store the standard wording itself.
POLITICAL: Final = _words("""
    中共党员: 党员 中国共产党党员 共产党员 中共正式党员
    中共预备党员: 预备党员
    共青团员: 团员 中国共产主义青年团团员
    民主党派: 民革党员 民盟盟员 民建会员 民进会员 农工党党员 致公党党员 九三学社社员 台盟盟员
    无党派人士: 无党派 无党派民主人士
    群众: 普通公民
""")
EDUCATION: Final = _words("""
    研究生: 硕士 博士 硕士研究生 博士研究生 研究生学历 研究生班
    大学本科: 本科 大学 大本 本科学历 在职大学 全日制本科
    大学专科: 专科 大专 专科学历
    中专: 中等专科 中等专业学校 中专学历 职高 技校
    高中: 普通高中 高中学历
    初中及以下: 初中 小学
""")
_PEOPLES: Final = """
    汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜
    水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒
    乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺
"""
ETHNICITIES: Final = _words("\n".join(f"{name}族: {name}" for name in _PEOPLES.split()))
YES_NO: Final = _words("""
    yes: 是 √ ✓ ✔ 1 Y yes 有 需要 要 住 住宿 安排 对 true ☑
    no: 否 × ✗ ✘ 0 N no 无 不需要 不要 不住 不住宿 不安排 没有 false
""")
ATTENDED: Final = _words("""
    present: √ ✓ ✔ 是 1 到 出勤 已到 到课 签到 present 实到 true
    late: 迟到 迟 早退 △ late
    leave: 请假 假 事假 病假 公假 ○ leave
    absent: × x ✗ ✘ 缺 缺席 缺勤 旷课 未到 否 0 absent false
""")
COMMITTEES: Final = _words("""
    union: 工会委 工会 委 工委 执委 执行委 是
    audit: 经费审查委 经审委 经审 经费审查 经委
    women: 女职工委 女工委 女职委 女工 女职工 女委
""")
