from django.db import migrations

# Classes approved before 期 were kept get theirs: what workflow.services.runs.ensure_runs does at an approval.
RUNS = """
    INSERT INTO workflow_classrun (
        plan_id, session_no, code, state, stretches, venue, address, implementer, residential, trainees, staff,
        hours, owner_name, owner_phone, class_teacher, check_in, note, revision
    )
    SELECT p.id, n, p.plan_number || '-' || n, 'planned', '{}', '', '', '', false, 0, 0, 0, '', '', '', '', '', 0
    FROM workflow_classplan p CROSS JOIN LATERAL generate_series(1, p.sessions) AS n
    WHERE p.state = 'approved'
    ON CONFLICT (plan_id, session_no) DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ("workflow", "0004_runs_and_call_ups"),
    ]

    operations = [
        migrations.RunSQL(RUNS, migrations.RunSQL.noop),
    ]
