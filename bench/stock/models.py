"""What any honest engine must keep, by hand: a document with a state, a list of things to do, a log."""

from __future__ import annotations

from django.db import models


class Doc(models.Model):
    """A document; ``state`` is how far it got."""

    state = models.SmallIntegerField(default=0)
    version = models.IntegerField(default=0)

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return f"{self.pk}"


class Todo(models.Model):
    """A task with the ideal partial index for "what waits at my post"."""

    doc_id = models.BigIntegerField()
    post_id = models.IntegerField()
    title = models.CharField(max_length=80)
    open = models.BooleanField(default=True)
    created = models.DateTimeField()
    done_by = models.IntegerField(null=True)

    class Meta:
        app_label = "stock"
        indexes = (
            models.Index(
                fields=["post_id", "created", "id"], condition=models.Q(open=True), name="todo_open_by_post"
            ),
        )

    def __str__(self) -> str:
        return self.title


class Log(models.Model):
    """The record of what was done."""

    doc_id = models.BigIntegerField()
    step = models.SmallIntegerField()
    user_id = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return f"{self.doc_id}/{self.step}"
