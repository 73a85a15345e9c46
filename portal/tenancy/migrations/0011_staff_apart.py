"""Whoever works for a client's firm never becomes one of its people: they would answer and sign for it."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION tenancy.staff_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM public.tenancy_client c JOIN public.tenancy_firmmembership f ON f.firm_id = c.firm_id
        WHERE c.id = NEW.client_id AND f.user_id = NEW.user_id
    ) THEN
        RAISE EXCEPTION 'staff of a client''s firm are none of its people' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_apart BEFORE INSERT OR UPDATE ON tenancy_membership
    FOR EACH ROW EXECUTE FUNCTION tenancy.staff_apart();
"""
UNDO = "DROP TRIGGER staff_apart ON tenancy_membership; DROP FUNCTION tenancy.staff_apart();"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0010_anchors_due")]

    operations = [migrations.RunSQL(FUNCTION, UNDO)]
