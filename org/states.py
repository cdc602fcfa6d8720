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
