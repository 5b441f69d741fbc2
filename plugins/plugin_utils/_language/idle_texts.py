# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of the playbook find_idle: its page, and what it prints."""

from __future__ import annotations

from collections.abc import Mapping

PAGE: Mapping[str, tuple[str, str]] = {
    "idle.kind": ("Idle instances", "闲置云主机"),
    "idle.title": ("Idle instances in {regions}", "{regions} 的闲置云主机"),
    "idle.nothing_changed": ("Nothing was changed", "未作任何更改"),
    "idle.lead": (
        "{n} idle instance can be deleted: {cost}.|{n} idle instances can be deleted: {cost}.",
        "有 {n} 台闲置云主机可以删除：{cost}。",
    ),
    "idle.lead.none": ("No idle instance can be deleted.", "没有可以删除的闲置云主机。"),
    "idle.cost": ("{amount} per month", "每月 {amount}"),
    "idle.cost.unknown": ("their cost is not known", "费用未知"),
    "idle.cost.unpriced": ("{cost}; the prices of {n} are not known", "{cost}；其中 {n} 台价格未知"),
    "idle.method": (
        "An instance is idle if its CPU, network and disks stayed below all thresholds for {days} days. An instance without "
        "enough data is unknown, never idle. Ask the owner before you delete an instance.",
        "云主机的 CPU、网络和磁盘在 {days} 天内一直低于所有阈值，才判定为闲置。数据不足时判定为未知，"
        "不会判定为闲置。删除前请与负责人确认。",
    ),
    "idle.window": ("{start} to {end}", "{start} 至 {end}"),
    "idle.fact.window": ("Window", "观察时段"),
    "idle.fact.costs": ("Costs", "费用来源"),
    "idle.costs.none": ("not read", "未读取"),
    "idle.unread": ("Not read: {why}", "未能读取：{why}"),
    "idle.tile.judged": ("judged", "已判定"),
    "idle.tile.candidate": ("can be deleted", "可删除"),
    "idle.tile.marked": ("already marked", "已标记"),
    "idle.tile.blocked": ("idle, blocked", "闲置但被阻断"),
    "idle.tile.excluded": ("idle, excluded", "闲置但已排除"),
    "idle.tile.unknown": ("unknown", "未知"),
    "idle.tile.in_use": ("in use or too young", "在用或创建不久"),
    "idle.tile.cost": ("per month for those that can be deleted", "可删除云主机每月费用"),
    "idle.section.candidates": ("Idle instances", "闲置云主机"),
    "idle.section.unknown": ("Unknown, and why", "未知及原因"),
    "idle.section.in_use": ("In use", "在用"),
    "idle.section.options": ("Thresholds and options", "阈值与选项"),
    "idle.none": ("None.", "无。"),
    "idle.in_use": (
        "{busy} busy, {young} younger than the minimum age. idle.json next to this page lists them.",
        "在用 {busy} 台，创建时间短于最小时长 {young} 台；清单见同目录的 idle.json。",
    ),
    "idle.line": (
        "{title}, {days} days: at most {most} {unit}",
        "{title}，{days} 天：最高 {most} {unit}",
    ),
    "idle.host_only": ("no CPU data", "无 CPU 数据"),
    "idle.since": ("created {day}", "创建于 {day}"),
    "hint.candidates": ("name, ID, region, tag, type, reason", "名称、ID、地域、标签、规格、原因"),
    "hint.unknown": ("name, ID, region, tag, type, reason", "名称、ID、地域、标签、规格、原因"),
}
COLUMNS: Mapping[str, tuple[str, str]] = {
    "col.region": ("Region", "地域"),
    "col.verdict": ("Verdict", "判定"),
    "col.activity": ("Activity", "使用情况"),
    "col.cpu": ("CPU", "CPU"),
    "col.network": ("Network", "网络"),
    "col.disk": ("Disks", "磁盘"),
}
WORDS: Mapping[str, tuple[str, str]] = {
    "standing.candidate": ("can be deleted", "可删除"),
    "standing.marked": ("already marked", "已标记"),
    "standing.blocked": ("blocked", "已阻断"),
    "standing.excluded": ("excluded", "已排除"),
    "standing.unknown": ("unknown", "未知"),
    "standing.in_use": ("in use", "在用"),
    "verdict.idle": ("idle", "闲置"),
    "verdict.stopped_long": ("stopped for long", "长期关机"),
    "verdict.busy": ("busy", "在用"),
    "verdict.too_young": ("too young", "创建不久"),
    "verdict.unknown": ("unknown", "未知"),
    "judged.below_thresholds": ("Below all thresholds", "低于所有阈值"),
    "judged.stopped_long": ("No data since it was stopped", "关机后无数据"),
    "judged.no_data": ("No monitoring data", "没有监控数据"),
    "judged.no_agent": ("No CPU data", "没有 CPU 数据（可能未安装监控插件）"),
    "judged.gaps": ("Gaps in the data", "数据不完整"),
    "judged.stopped_recently": ("Stopped recently", "近期才关机"),
    "judged.age_unknown": ("Creation time not known", "创建时间未知"),
    "judged.unsettled": ("In a transitional state", "处于过渡状态"),
    "judged.monitor_unread": ("Monitoring could not be read", "无法读取监控"),
    "metric.cpu": ("CPU", "CPU"),
    "metric.network": ("network", "网络"),
    "metric.disk": ("disks", "磁盘"),
}
LINES: Mapping[str, tuple[str, str]] = {
    "idle.line.head": (
        "{instances} judged: {idle} idle, {stopped} stopped for long, {busy} busy, {young} too young, {unknown} unknown.",
        "已判定 {instances}：闲置 {idle}，长期关机 {stopped}，在用 {busy}，创建不久 {young}，未知 {unknown}。",
    ),
    "idle.line.candidates": (
        "{n} idle instance can be deleted: {cost} ({source}).|{n} idle instances can be deleted: {cost} ({source}).",
        "可删除的闲置云主机 {n} 台：{cost}（{source}）。",
    ),
    "idle.line.none": ("No idle instance can be deleted.", "没有可以删除的闲置云主机。"),
    "idle.line.kept": ("Idle, but not in the list: {counts}.", "闲置但不在清单中：{counts}。"),
    "idle.line.unknown": ("Unknown: {counts}.", "未知：{counts}。"),
    "idle.line.more": ("and {n} more", "其余 {n} 台"),
    "idle.line.page": ("and {n} more: {path}", "其余 {n} 台见 {path}"),
    "idle.line.mark": ("To mark: {instances} in {regions}.", "待标记：{regions} 共 {instances}。"),
    "idle.line.nothing": ("Nothing was changed.", "未作任何更改。"),
    "idle.source.bill": ("bill of {month}", "{month} 账单"),
    "idle.source.prices": ("given prices", "给定的价格"),
    "idle.source.none": ("no prices", "无价格"),
    "idle.figure.cpu_percent_max": ("CPU at most {value} %", "CPU 最高 {value}%"),
    "idle.figure.network_kbps_avg": ("network {value} kbit/s", "网络 {value} kbit/s"),
    "idle.figure.disk_kbps_avg": ("disks {value} kB/s", "磁盘 {value} kB/s"),
    "idle.table.region": ("REGION", "地域"),
    "idle.table.verdict": ("VERDICT", "判定"),
    "idle.table.cost": ("CNY A MONTH", "元/月"),
    "idle.table.reason": ("ACTIVITY", "使用情况"),
}
SCRIPT: Mapping[str, tuple[str, str]] = {
    "js.candidates": ("{n} instance|{n} instances", "{n} 台云主机"),
    "js.unknown": ("{n} instance|{n} instances", "{n} 台云主机"),
}
"""What the script of the page counts."""
IDLE: Mapping[str, tuple[str, str]] = {**PAGE, **COLUMNS, **WORDS, **LINES, **SCRIPT}
