"""What a browser sends of the form of a 期."""

from __future__ import annotations

from typing import Any

from workflow.rules.terms import RunTerms


def run_data(terms: RunTerms, **more: Any) -> dict[str, Any]:
    """The terms as typed; ``more`` changes or adds inputs, None leaves one out."""
    sent: dict[str, Any] = {
        "span-TOTAL_FORMS": len(terms.stretches),
        "span-INITIAL_FORMS": 0,
        "lesson-TOTAL_FORMS": len(terms.lessons),
        "lesson-INITIAL_FORMS": 0,
        "venue": terms.venue,
        "address": terms.address,
        "implementer": terms.implementer,
        "residential": "1" if terms.residential else "0",
        "trainees": terms.trainees,
        "staff": terms.staff,
        "hours": terms.hours,
        "owner_name": terms.owner_name,
        "owner_phone": terms.owner_phone,
        "class_teacher": terms.class_teacher,
        "check_in": terms.check_in,
        "note": terms.note,
        "reason": "",
        "revision": 0,
        "action": "save",
    }
    for number, span in enumerate(terms.stretches):
        sent |= {
            f"span-{number}-first": span.first.isoformat(),
            f"span-{number}-first_half": span.first_half,
            f"span-{number}-last": span.last.isoformat(),
            f"span-{number}-last_half": span.last_half,
        }
    for number, lesson in enumerate(terms.lessons):
        sent |= {
            f"lesson-{number}-day": lesson.day.isoformat(),
            f"lesson-{number}-half": lesson.half,
            f"lesson-{number}-topic": lesson.topic,
            f"lesson-{number}-hours": lesson.hours,
            f"lesson-{number}-module": lesson.module,
            f"lesson-{number}-lecturer": lesson.lecturer,
            f"lesson-{number}-lecturer_unit": lesson.lecturer_unit,
            f"lesson-{number}-lecturer_title": lesson.lecturer_title,
        }
    sent |= {f"cost_{item}": f"{amount:,.2f}" for item, amount in terms.costs.items()}
    sent |= more
    return {key: value for key, value in sent.items() if value is not None}
