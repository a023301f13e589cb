"""What a place has set, and how it was opened, only grows: the database refuses any change."""

from django.db import migrations

TABLES = ("catalogue_localparam", "catalogue_rolloutchange")
GUARD = "".join(
    f"""CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION catalogue_only_grows();
"""
    for table in TABLES
)
DROP = "".join(f"DROP TRIGGER {table}_only_grows ON {table};\n" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0005_local_params_and_rollout_trail")]
    operations = [migrations.RunSQL(GUARD, DROP)]
