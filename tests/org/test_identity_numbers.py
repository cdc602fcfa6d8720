"""Identity numbers lie nowhere open: not in a row, not in history; who sees one leaves a line."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction

from office import sealing
from office.refusals import Refused
from org.models import Cadre, IdentityAccess, User, mask_identity
from org.services import (
    move_cadre,
    register_cadre,
    see_identity,
    set_status,
    take_out_identities,
    update_cadre,
)
from tests.org.cast import Cast, M, day
from tests.org.numbers import resident

pytestmark = pytest.mark.django_db

NUMBER = resident(42)
PASSPORT = "PG7712345"


@pytest.fixture
def cadre(cast: Cast) -> Cadre:
    return register_cadre(
        identity_kind="resident",
        number=NUMBER,
        name="岳明",
        unit=cast.district,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    )


def everything() -> str:
    """Every row of every table as text, byte columns both as they are and in hexadecimal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
        )
        tables = [table for (table,) in cursor.fetchall()]
        text = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")
            text += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(text)


def test_no_table_holds_a_number_after_all_that_can_happen_to_a_cadre(cast: Cast, cadre: Cadre) -> None:
    trusted = Permission.objects.get(codename="see_identity")
    cast.an.user_permissions.add(trusted)
    see_identity(cadre=cadre, actor=cast.an, at=M, purpose="办理结业证书")
    update_cadre(cadre=cadre, revision=0, actor=cast.admin, at=M, phone="13800000000")
    move_cadre(cadre=cadre, unit=cast.other, since=day("2023-01-01"), actor=cast.admin, at=M)
    set_status(cadre=cadre, status="retired", on=day("2024-01-01"), actor=cast.admin, at=M)
    register_cadre(
        identity_kind="passport",
        number=PASSPORT,
        name="艾力",
        unit=cast.district,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    ).delete()
    lying = everything()
    assert "org_cadreevent (" in lying, "history must be among what is searched"
    for number in (NUMBER, PASSPORT):
        for written in (number, number.encode().hex(), number[:-1], number[1:]):
            assert written not in lying


def test_the_same_number_is_sealed_differently_and_found_by_one_digest(cast: Cast, cadre: Cadre) -> None:
    assert bytes(cadre.identity_sealed) != sealing.seal(NUMBER, about="resident")
    assert list(Cadre.objects.with_identity("resident", NUMBER)) == [cadre]
    assert not Cadre.objects.with_identity("passport", NUMBER).exists()
    assert Cadre.objects.get().identity_number == NUMBER


def test_the_database_itself_keeps_one_person_a_document(cadre: Cadre) -> None:
    double = Cadre.objects.get()
    double.pk = None
    with pytest.raises(IntegrityError, match="identity_digest"), transaction.atomic():
        double.save(force_insert=True)


def test_a_seal_of_one_kind_doesnt_open_as_another(cadre: Cadre) -> None:
    Cadre.objects.update(identity_kind="passport")
    with pytest.raises(sealing.SealBroken):
        Cadre.objects.get().identity_number  # noqa: B018


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("11010519491231002X", "110105********002X"),
        ("110105491231002", "110105*****1002"),
        ("PG7712345", "PG*****45"),
        ("某字第12345号", "某字*****5号"),
        ("A1234", "A***4"),
        ("A12", "***"),
    ],
)
def test_masks(number: str, shown: str) -> None:
    assert mask_identity(number) == shown


def trusted(user: User) -> User:
    user.user_permissions.add(Permission.objects.get(codename="see_identity"))
    return User.objects.get(pk=user.pk)


def test_a_whole_number_is_shown_for_a_reason_and_leaves_a_line(cast: Cast, cadre: Cadre) -> None:
    actor = trusted(cast.an)
    assert see_identity(cadre=cadre, actor=actor, at=M, purpose=" 办理结业证书 ") == NUMBER
    assert list(IdentityAccess.objects.values_list("actor", "at", "cadre", "count", "purpose")) == [
        (cast.an.pk, M, cadre.pk, 1, "办理结业证书")
    ]


def test_without_permission_or_reason_nothing_is_shown_and_nothing_written(cast: Cast, cadre: Cadre) -> None:
    with pytest.raises(Refused, match="需要授权"):
        see_identity(cadre=cadre, actor=cast.an, at=M, purpose="办理结业证书")
    with pytest.raises(Refused, match="请写明查看完整证件号码的事由"):
        see_identity(cadre=cadre, actor=trusted(cast.an), at=M, purpose="看看")
    with pytest.raises(Refused, match="需要授权"):
        take_out_identities(cadres=[cadre], what="干部名册", actor=cast.bo, at=M, purpose="办理结业证书")
    assert not IdentityAccess.objects.exists()


def test_a_file_of_numbers_leaves_one_line_with_their_count(cast: Cast, cadre: Cadre) -> None:
    numbers = take_out_identities(
        cadres=[cadre], what="干部名册", actor=trusted(cast.an), at=M, purpose="报上级汇总"
    )
    assert numbers == {cadre.pk: NUMBER}
    assert list(IdentityAccess.objects.values_list("cadre", "count", "purpose")) == [
        (None, 1, "导出干部名册：报上级汇总")
    ]


def test_the_log_of_who_saw_is_append_only(cast: Cast, cadre: Cadre) -> None:
    see_identity(cadre=cadre, actor=trusted(cast.an), at=M, purpose="办理结业证书")
    for change in (
        lambda: IdentityAccess.objects.all().delete(),
        lambda: IdentityAccess.objects.update(count=2),
    ):
        with pytest.raises(Exception, match="pgtrigger"), transaction.atomic():
            change()
