"""Soundness of the ledger (材料台账的一致性): lines, versions and decisions agree."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A rule: its name, what is wrong where it does not hold, and the statement that finds it."""

    rule: str
    why: str
    sql: str


PAPERS = (
    Check(
        "material_is_one_of_the_items",
        "台账里有该事项没有的材料",
        """SELECT found.number || ' ' || found.key FROM (
                 SELECT held.item_id, line.key, min(held.number) AS number
                   FROM cases_casematerial line JOIN cases_case held ON held.id = line.case_id
                  GROUP BY held.item_id, line.key) found
            WHERE NOT EXISTS (
                 SELECT 1 FROM catalogue_serviceversion version,
                               jsonb_array_elements(version.materials) one
                  WHERE version.item_id = found.item_id AND one->>'key' = found.key)""",
    ),
    Check(
        "material_has_its_line",
        "台账里少了必要的材料",
        """SELECT held.number FROM cases_case held JOIN (
                 SELECT version.id, version.published_at, array_agg(one->>'key') AS keys
                   FROM catalogue_serviceversion version,
                        jsonb_array_elements(version.materials) one
                  WHERE one->>'required' = 'true' AND coalesce(one->>'when', '') = ''
                  GROUP BY version.id) need ON need.id = held.version_id
             JOIN (SELECT case_id, array_agg(key::text) AS keys FROM cases_casematerial
                    GROUP BY case_id) has ON has.case_id = held.id
            WHERE need.published_at <= held.submitted_at AND NOT has.keys @> need.keys""",
    ),
    Check(
        "granted_on_papers_that_are_there",
        "已准予, 却有必要的材料没有交齐或没有补正",
        """SELECT held.number || ' ' || line.key FROM cases_casematerial line
             JOIN cases_case held ON held.id = line.case_id
             JOIN catalogue_serviceversion version ON version.id = held.version_id
            WHERE line.required AND line.state IN ('wanted', 'overdue', 'defective')
              AND held.outcome = 'granted' AND NOT (line.resolved_by = 'deferred'
                  AND version.materials @> jsonb_build_array(
                      jsonb_build_object('key', line.key, 'follows_decision', true)))""",
    ),
    Check(
        "material_overdue_was_put_off",
        "记为容缺逾期, 却不是容缺, 或期限还没有过",
        """SELECT held.number || ' ' || line.key FROM cases_casematerial line
             JOIN cases_case held ON held.id = line.case_id
            WHERE line.state = 'overdue' AND (line.resolved_by <> 'deferred'
                  OR line.due_on >= (line.updated_at AT TIME ZONE 'Asia/Shanghai')::date)""",
    ),
    Check(
        "material_asked_of_a_registry",
        "待系统核验, 却不由共享数据或电子证照解决",
        """SELECT held.number || ' ' || line.key FROM cases_casematerial line
             JOIN cases_case held ON held.id = line.case_id
            WHERE line.verification = 'pending'
              AND line.resolved_by NOT IN ('registry', 'licence')""",
    ),
    Check(
        "material_reused_by_its_owner",
        "沿用的历史材料不是同一个人的同一项",
        """SELECT held.number || ' ' || line.key FROM cases_casematerial line
             JOIN cases_case held ON held.id = line.case_id
             JOIN cases_casematerial old ON old.id = line.earlier_id
             JOIN cases_case before ON before.id = old.case_id
            WHERE before.applicant_id <> held.applicant_id OR old.key <> line.key""",
    ),
)
