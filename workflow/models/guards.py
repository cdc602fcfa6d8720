"""The database's own words on plans: triggers made from the transition table and the list of fields."""

from __future__ import annotations

from collections.abc import Sequence

import pgtrigger

from workflow.states import EDITABLE, FIRST_STATE, PlanState, moves


def _quoted(states: Sequence[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def state_moves() -> pgtrigger.Trigger:
    """UPDATE may only move ``state`` along the table."""
    return pgtrigger.FSM(name="state_moves", field="state", transitions=moves())


def starts_as_draft() -> pgtrigger.Trigger:
    """INSERT admits the first state only: FSM triggers guard UPDATE, and COPY passes by Python."""
    return pgtrigger.Trigger(
        name="starts_as_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__state__df=str(FIRST_STATE.value)),
        func=f"RAISE EXCEPTION 'a class plan begins as {FIRST_STATE.value}, not as %', NEW.state;",
    )


def content_frozen(fields: Sequence[str]) -> pgtrigger.Trigger:
    """What was submitted can't be edited under its reviewers, and an approved plan not at all.

    ``fields`` are columns. Number and version of the submission are among them: they come with it.

    The one exception is the meeting's 修改后通过, in the statement that approves.
    """
    old = ", ".join(f"OLD.{field}" for field in fields)
    new = ", ".join(f"NEW.{field}" for field in fields)
    editable = _quoted([state.value for state in EDITABLE])
    awaiting, approved = PlanState.AWAITING_MEETING.value, PlanState.APPROVED.value
    return pgtrigger.Trigger(
        name="content_frozen",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
        IF OLD.state NOT IN ({editable})
           AND NOT (OLD.state = '{awaiting}' AND NEW.state = '{approved}')
           AND ROW({new}) IS DISTINCT FROM ROW({old}) THEN
            RAISE EXCEPTION 'the content of a class plan is frozen while it is %', OLD.state;
        END IF;
        RETURN NEW;
        """,
    )


def identity_fixed(*fields: str) -> pgtrigger.Trigger:
    """Whose plan it is and for which year is said once: reviewers, fund and numbers follow from it."""
    return pgtrigger.ReadOnly(name="identity_fixed", fields=list(fields))


def approval_figures() -> pgtrigger.Trigger:
    """计划号 and project come with the approval, both or neither, and stay."""
    approved = PlanState.APPROVED.value
    return pgtrigger.Trigger(
        name="approval_figures",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
        IF ROW(NEW.plan_number, NEW.project_id) IS DISTINCT FROM ROW(OLD.plan_number, OLD.project_id)
           AND NOT (OLD.state <> '{approved}' AND NEW.state = '{approved}') THEN
            RAISE EXCEPTION 'plan number and project of a class plan change with its approval only';
        END IF;
        IF OLD.state <> '{approved}' AND NEW.state = '{approved}'
           AND (NEW.plan_number IS NULL OR NEW.project_id IS NULL) THEN
            RAISE EXCEPTION 'an approved class plan has a plan number and a project';
        END IF;
        RETURN NEW;
        """,
    )


def drafts_only_deleted() -> pgtrigger.Trigger:
    """Only a draft that was never submitted may be deleted."""
    return pgtrigger.Trigger(
        name="drafts_only_deleted",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        condition=pgtrigger.Q(old__state__df=str(FIRST_STATE.value)),
        func="RAISE EXCEPTION 'a class plan that was submitted is not deleted';",
    )


def costs_frozen() -> pgtrigger.Trigger:
    """Cost lines follow their plan: open with it, and cut by the meeting while it decides."""
    return _frozen_with_plan(
        "costs", [*(state.value for state in EDITABLE), PlanState.AWAITING_MEETING.value]
    )


def files_frozen() -> pgtrigger.Trigger:
    """Files follow their plan: what reviewers read is what was handed in."""
    return _frozen_with_plan("files", [state.value for state in EDITABLE])


def _frozen_with_plan(what: str, open_states: Sequence[str]) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"{what}_frozen",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
        IF EXISTS (
            SELECT 1 FROM workflow_classplan p
            WHERE p.state NOT IN ({_quoted(open_states)})
              AND ((TG_OP <> 'INSERT' AND p.id = OLD.plan_id) OR (TG_OP <> 'DELETE' AND p.id = NEW.plan_id))
        ) THEN
            RAISE EXCEPTION 'the {what} of a class plan under review or decided are frozen';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
        """,  # noqa: S608 - made of the enum's own values
    )


def settled_once() -> pgtrigger.Trigger:
    """A meeting's result is recorded once; an item without one may still be taken off."""
    return pgtrigger.Protect(
        name="settled_once",
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Q(old__outcome__df=""),
    )


def append_only() -> pgtrigger.Trigger:
    """Rows are written once. TRUNCATE is refused in production by grants (deploy/README.md)."""
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
