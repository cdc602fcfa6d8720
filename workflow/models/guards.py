"""The database's own words on plans: triggers made from the transition table and the list of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pgtrigger
from django.db import models

from workflow.states import EDITABLE, FIRST_STATE, TRANSITIONS, PlanState, moves


def _quoted(states: Sequence[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def state_moves(table: Mapping[str, Any] = TRANSITIONS) -> pgtrigger.Trigger:
    """UPDATE may only move ``state`` along the table."""
    return pgtrigger.FSM(name="state_moves", field="state", transitions=moves(table))


def starts_as_draft() -> pgtrigger.Trigger:
    """INSERT admits the first state only: FSM triggers guard UPDATE, and COPY passes by Python."""
    return starts_as("starts_as_draft", FIRST_STATE, "a class plan")


def starts_as(name: str, first: models.TextChoices, what: str) -> pgtrigger.Trigger:
    """:func:`starts_as_draft` for the other tables of states."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__state__df=str(first.value)),
        func=f"RAISE EXCEPTION '{what} begins as {first.value}, not as %', NEW.state;",
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


def run_of_approved_plan() -> pgtrigger.Trigger:
    """Only an approved class has 期, and a 期 leaves 未启动 only while its class is approved."""
    return pgtrigger.Trigger(
        name="of_approved_plan",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
        IF (TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state) AND NEW.state <> 'cancelled'
           AND NOT EXISTS (
               SELECT 1 FROM workflow_classplan p
               WHERE p.id = NEW.plan_id AND p.state = '{PlanState.APPROVED.value}'
           ) THEN
            RAISE EXCEPTION 'only an approved class is opened' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,  # noqa: S608 - made of the enum's own value
    )


def run_days_from_stretches() -> pgtrigger.Trigger:
    """First and last day follow from the stretches, which are in order, apart and not empty."""
    return pgtrigger.Trigger(
        name="days_from_stretches",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("part", "int4range"), ("past", "int")],
        func="""
        past := NULL;
        FOREACH part IN ARRAY NEW.stretches LOOP
            IF isempty(part) OR lower_inf(part) OR upper_inf(part) OR lower(part) < past THEN
                RAISE EXCEPTION 'the stretches of a class are in order and apart'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'run_stretches_in_order';
            END IF;
            past := upper(part);
        END LOOP;
        IF past IS NULL THEN
            NEW.starts_on := NULL; NEW.ends_on := NULL;
        ELSE
            NEW.starts_on := date '2000-01-01' + floor(lower(NEW.stretches[1]) / 2.0)::int;
            NEW.ends_on := date '2000-01-01' + floor((past - 1) / 2.0)::int;
        END IF;
        RETURN NEW;
        """,
    )


#: The rows of workflow_seatspan as they should be for the seats chosen by {seats}: one for each stretch of a
#: live seat's run. ``firm`` ones hold their half-days for good.
SPANS_OF: Final = """
    INSERT INTO workflow_seatspan (seat_id, cadre_id, run_id, department_id, subject, span, firm)
    SELECT s.id, s.cadre_id, r.id, p.department_id, p.subject, part, s.state IN ('completed', 'confirmed')
    FROM {seats} s
    JOIN workflow_classrun r ON r.id = s.run_id
    JOIN workflow_classplan p ON p.id = r.plan_id
    CROSS JOIN LATERAL unnest(r.stretches) AS part
    WHERE s.state IN ('completed', 'confirmed', 'nominated', 'offered')
"""


def seats_follow_run() -> pgtrigger.Trigger:
    """A changed class date moves its people's half-days in the same statement, or fails whole."""
    return pgtrigger.Trigger(
        name="seats_follow",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(old__stretches__df=pgtrigger.F("new__stretches")),
        func=f"""
        DELETE FROM workflow_seatspan WHERE run_id = NEW.id;
        {SPANS_OF.format(seats="workflow_seat")} AND s.run_id = NEW.id;
        RETURN NULL;
        """,  # noqa: S608 - made of constants
    )


def seat_spans(name: str, operation: Any, *, new: bool) -> pgtrigger.Trigger:
    """Keeps ``workflow_seatspan`` as the seats' states say, statement by statement."""
    insert = f"{SPANS_OF.format(seats='changed')};" if new else ""
    referencing = pgtrigger.Referencing(new="changed") if new else pgtrigger.Referencing(old="changed")
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=f"""
        DELETE FROM workflow_seatspan WHERE seat_id IN (SELECT id FROM changed);
        {insert}
        RETURN NULL;
        """,  # noqa: S608 - made of constants
    )


def called_up_after_gate() -> pgtrigger.Trigger:
    """Nobody is called up for a 期 that hasn't passed the second gate (D2-28)."""
    return pgtrigger.Trigger(
        name="after_second_gate",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF NOT EXISTS (
            SELECT 1 FROM workflow_classrun r WHERE r.id = NEW.run_id AND r.state IN ('enrolling', 'running')
        ) THEN
            RAISE EXCEPTION 'nobody is called up for a class run that is not open'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'seat_after_second_gate';
        END IF;
        RETURN NEW;
        """,
    )


def request_frozen(*fields: str) -> pgtrigger.Trigger:
    """What was handed in is what its reviewers read; it may change while it is a draft or returned."""
    old = ", ".join(f"OLD.{field}" for field in fields)
    new = ", ".join(f"NEW.{field}" for field in fields)
    return pgtrigger.Trigger(
        name="request_frozen",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
        IF OLD.state NOT IN ('draft', 'returned') AND ROW({new}) IS DISTINCT FROM ROW({old}) THEN
            RAISE EXCEPTION 'a request is frozen while it is %', OLD.state;
        END IF;
        RETURN NEW;
        """,
    )


def attendance_while_running() -> pgtrigger.Trigger:
    """Attendance is entered for a running class; once closed it stays: money and hours stand on it."""
    return pgtrigger.Trigger(
        name="while_running",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
        IF NOT EXISTS (
            SELECT 1 FROM workflow_seat s JOIN workflow_classrun r ON r.id = s.run_id
            WHERE s.id = COALESCE(NEW.seat_id, OLD.seat_id) AND r.state = 'running'
        ) THEN
            RAISE EXCEPTION 'attendance belongs to a running class'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'attendance_while_running';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
        """,
    )
