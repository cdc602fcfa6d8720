"""The closed lists of the organisation."""

from __future__ import annotations

from django.db import models


class UnionLevel(models.TextChoices):
    """Level of a union; an attribute of its own, not the depth in the tree (a district may be 副省级)."""

    NATIONAL = "national", "全国"
    PROVINCE = "province", "省级"
    CITY = "city", "市级"
    DISTRICT = "district", "区县级"
    TOWN = "town", "乡镇街道级"
    GRASSROOTS = "grassroots", "基层"


class PostKind(models.TextChoices):
    LEADER = "leader", "领导"
    HEAD = "head", "部门负责人"
    DEPUTY = "deputy", "部门副职"
    STAFF = "staff", "经办人员"
    SECRETARY = "secretary", "会议秘书"


class DutyCode(models.TextChoices):
    """Duties a rule book may name; a department or a meeting holds them from a date on (DOMAIN §5.1)."""

    TRAINING_AUTHORITY = "training_authority", "归口管理部门"
    FINANCE = "finance", "财务部门"
    DECISION_BODY = "decision_body", "审定会议"
    LEADING_GROUP_OFFICE = "leading_group_office", "领导小组办公室"


class IdentityKind(models.TextChoices):
    """证件类型; a number is unique within its kind (DOMAIN §4, case 14)."""

    RESIDENT = "resident", "居民身份证"
    HK_MACAO_TAIWAN = "hk_macao_taiwan", "港澳台居民居住证"
    HK_MACAO_PERMIT = "hk_macao_permit", "港澳居民来往内地通行证"
    TAIWAN_PERMIT = "taiwan_permit", "台湾居民来往大陆通行证"
    PASSPORT = "passport", "护照"
    OFFICER = "officer", "军官证"
    FOREIGN_RESIDENT = "foreign_resident", "外国人永久居留身份证"


class Gender(models.TextChoices):
    MALE = "male", "男"
    FEMALE = "female", "女"


class CadreKind(models.TextChoices):
    """专兼职 (DOMAIN §5.2)."""

    FULL_TIME = "full_time", "专职"
    PART_TIME = "part_time", "兼职"
    SECONDED = "seconded", "挂职"
    SOCIALIZED = "socialized", "社会化工会工作者"


class CadreStatus(models.TextChoices):
    """Whether somebody is a union cadre in office (DOMAIN §4, case 51)."""

    ACTIVE = "active", "在职"
    TRANSFERRED = "transferred", "调离"
    RETIRED = "retired", "退休"
    LEFT = "left", "不再从事工会工作"
    DECEASED = "deceased", "去世"


class Committee(models.TextChoices):
    """三委: the union committee, its audit commission, its women's committee."""

    UNION = "union", "工会委员会"
    AUDIT = "audit", "经费审查委员会"
    WOMEN = "women", "女职工委员会"


class Leadership(models.TextChoices):
    """Whether the one-year rule of new chairs speaks of him (A-23, C-09)."""

    CHAIR = "chair", "主席"
    VICE_CHAIR = "vice_chair", "副主席"


class Precision(models.TextChoices):
    """How exactly a date is known: 2023年9月 is kept as its first day."""

    DAY = "day", "日"
    MONTH = "month", "月"
    YEAR = "year", "年"
