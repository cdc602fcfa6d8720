from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Account, Entry, Fund, Project
from org.models import User
from tests.budgets.cast import Cast, give

MODELS = [Fund, Project, Account, Entry]


@pytest.mark.parametrize("model", MODELS)
def test_the_admin_shows_the_ledger_and_changes_nothing(binhai: Cast, fund: Fund, model: Any) -> None:
    give(binhai, fund, "10.00")
    client = Client()
    client.force_login(User.objects.create_superuser("guanli", name="管理员", password=None))
    name = f"admin:budgets_{model._meta.model_name}"
    row = model.objects.first()
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    page = client.get(reverse(f"{name}_change", args=[row.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
