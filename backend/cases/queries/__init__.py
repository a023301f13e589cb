"""What doors and the clock ask of cases: scope (who sees what), resident and staff views."""
