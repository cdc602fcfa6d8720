"""Keys change while people work: everybody is found all the while; a stopped change goes on."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from office import sealing
from office.refusals import Refused
from org.models import Cadre
from org.services import register_cadre, rotation
from tests.org.cast import Cast, M, day
from tests.org.numbers import resident

pytestmark = pytest.mark.django_db

NEW = "the-new-key-of-this-test-" * 3
NUMBERS = [resident(n) for n in range(10)]


@pytest.fixture
def cadres(cast: Cast) -> None:
    for number in NUMBERS:
        enter(cast, number)


def enter(cast: Cast, number: str) -> Cadre:
    return register_cadre(
        identity_kind="resident",
        number=number,
        name="岳明",
        unit=cast.district,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    )


@pytest.fixture
def old(settings, cadres: None) -> list[str]:
    """Everybody is sealed by the old key; the new one stands before it now."""
    keys: list[str] = settings.IDENTITY_KEYS
    settings.IDENTITY_KEYS = [NEW, *keys]
    return keys


def rotate() -> str:
    out = StringIO()
    call_command("rotate_identity_keys", quiet=True, stdout=out, stderr=out)
    return out.getvalue().splitlines()[0]


def found() -> int:
    return sum(Cadre.objects.with_identity("resident", number).count() for number in NUMBERS)


def test_all_numbers_open_with_the_new_key_alone(settings, old: list[str]) -> None:
    events = event_rows()
    assert rotate() == "已换 10 条证件号码的密钥。"
    settings.IDENTITY_KEYS = [NEW]
    assert found() == 10
    assert sorted(cadre.identity_number for cadre in Cadre.objects.all()) == sorted(NUMBERS)
    assert event_rows() == events, "a new seal is no news of the person"
    assert rotate() == "没有要换密钥的证件号码。"


def event_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM org_cadreevent")
        return int(cursor.fetchone()[0])


def test_stopped_in_the_middle_everybody_is_found_and_the_rest_follows(
    cast: Cast, settings, old: list[str]
) -> None:
    first = rotation.rotate_some(0, batch=4)
    assert first is not None
    assert (first.done, rotation.left_to_rotate(), found()) == (4, 6, 10)
    for number in (NUMBERS[0], NUMBERS[9]):  # one of each key
        with pytest.raises(Refused, match="已经登记"):
            enter(cast, number)
    enter(cast, resident(20))
    assert rotate() == "已换 6 条证件号码的密钥。"
    settings.IDENTITY_KEYS = [NEW]
    assert (found(), rotation.left_to_rotate()) == (10, 0)


def test_a_batch_whose_row_cant_be_opened_changes_nothing_and_names_it(settings, old: list[str]) -> None:
    broken = Cadre.objects.order_by("pk")[5]
    Cadre.objects.filter(pk=broken.pk).update(
        identity_sealed=sealing._key("nobody-has-this").mark + bytes(broken.identity_sealed)[4:]
    )
    with pytest.raises(CommandError, match=f"org_cadre.id={broken.pk}") as error:
        rotate()
    assert error.value.returncode == 1
    assert rotation.left_to_rotate() == 10


def test_ctrl_c_keeps_what_is_done(old: list[str], monkeypatch) -> None:
    def once(after: int) -> rotation.Rotated | None:
        if after:
            raise KeyboardInterrupt
        return rotation.rotate_some(after, batch=3)

    monkeypatch.setattr("org.management.commands.rotate_identity_keys.rotate_some", once)
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("rotate_identity_keys", quiet=True, stdout=out, stderr=out)
    assert (end.value.code, out.getvalue()) == (130, "已停止，已换 3 条。再运行一次会接着换。\n")
    assert rotation.left_to_rotate() == 7
