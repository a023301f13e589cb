"""A published version never changes: the database itself refuses, whoever asks (事项版本不可变)."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION catalogue_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.published_at IS NOT NULL AND (
        to_jsonb(OLD) - 'retired_at') IS DISTINCT FROM (to_jsonb(NEW) - 'retired_at')) THEN
        RAISE EXCEPTION 'published version % is frozen', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER catalogue_version_frozen BEFORE UPDATE ON catalogue_serviceversion
    FOR EACH ROW EXECUTE FUNCTION catalogue_version_frozen();
CREATE TRIGGER catalogue_version_kept BEFORE DELETE ON catalogue_serviceversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION catalogue_version_frozen();
"""
THAW = """
DROP TRIGGER catalogue_version_frozen ON catalogue_serviceversion;
DROP TRIGGER catalogue_version_kept ON catalogue_serviceversion;
DROP FUNCTION catalogue_version_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunSQL(FREEZE, THAW)]
