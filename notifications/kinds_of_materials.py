"""What notices about materials say (材料的告知): what may come later, what came too late."""

from notifications.kind import Kind

MATERIALS = (
    Kind(
        key="case.material_due",
        title="容缺材料快到期",
        group="case",
        template="A",
        status="待补交",
        lane="due",
        sms="{material}还没补交, 最迟{due_md}",
        needs_sms=True,
        sentences=(
            "您申请的「{item}」还差{material}, 最迟 {due_on} 补交, 办事编号尾号 {tail}。",
            "点开就可以上传, 也可以带到窗口。",
        ),
        notes=("容缺材料请按期补交, {due_md}前", "容缺材料请按期补交"),
        plain=("还差{material}。请在 {due_on} 前补上。",),
    ),
    Kind(
        key="case.material_overdue",
        title="容缺材料已过期限",
        group="case",
        template="A",
        status="逾期未补交",
        sms="{material}过期没补交, 请尽快",
        needs_sms=True,
        sentences=(
            "您申请的「{item}」约定后补的{material}过了期限还没有交, 办事编号尾号 {tail}。",
            "请尽快上传或带到窗口; 一直不补的, 可能终止办理或不予批准。",
        ),
        notes=("容缺材料已逾期, 请尽快补交",),
        plain=("{material}过了期限。请尽快补上。",),
    ),
    Kind(
        key="case.paper_refused",
        title="文件没有通过查毒, 请重新上传",
        group="case",
        template="A",
        status="待重新上传",
        needs_sms=True,
        sms="{material}的文件打不开, 请重传",
        sentences=(
            "您办理「{item}」时上传的{material}没有通过查毒, 文件已删除, 办事编号尾号 {tail}。",
            "请换一份文件重新上传, 或把原件带到窗口。",
        ),
        notes=("上传的文件有问题, 请重新上传",),
        plain=("{material}的文件有问题。请重新传一次。",),
    ),
    Kind(
        key="case.promise_false",
        title="承诺经核查不实",
        group="case",
        template="A",
        statutory=True,
        sentences=(
            "您办理「{item}」时关于{material}的承诺经核查不实, 办事编号尾号 {tail}。",
            "以后办事不再适用告知承诺, 请提供材料。",
            "有不同意见的, 可以向承办部门说明, 或拨打 12345 反映。",
        ),
        notes=("承诺经核查不实, 请点开查看",),
        plain=("核查发现承诺不真实。不认同可打 12345。",),
    ),
    Kind(
        key="staff.material_overdue",
        title="容缺材料逾期",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 约定后补的{material}过了期限还没有交。",
            "请联系申请人补交; 仍不补的, 可以由负责人终止办理。",
        ),
        plain=("{material}逾期未补, 请处理。",),
    ),
    Kind(
        key="staff.material_doubt",
        title="共享数据核验不一致",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 的{material}与共享数据不一致。",
            "请核实后写明怎样核实的; 已经作出决定的, 请负责人复查。",
        ),
        plain=("{material}核验不一致, 请核实。",),
    ),
    Kind(
        key="staff.registry_down",
        title="共享库连续查询失败",
        group="staff",
        sentences=(
            "{registry}连续 {count} 次没有应答, 「{item}」等办件的材料已转人工核验。",
            "办件照常受理; 请联系数据管理部门恢复, 恢复前请人工核实, 不要让居民跑腿。",
        ),
        plain=("{registry}查不通, 请联系恢复。",),
    ),
)
