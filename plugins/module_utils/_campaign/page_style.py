# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page looks: on a screen, at night, on a phone, on paper."""

from __future__ import annotations

STYLE = r"""
:root { color-scheme: light dark; --paper: #f6f7f5; --card: #fff; --ink: #1d2426; --soft: #5b676b; --line: #dde2e1;
  --accent: #0d6e6e; --good: #1d7a46; --bad: #b3261e; --warn: #8a5a00; --calm: #4a5a63; --tint: #e9f1f0;
  --plan: #8896a0; --record: #b9a26a; --backup: #4d7fb3; --delete: #0d6e6e; --release: #7b6bb0; --verify: #6f8f5f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14191b; --card: #1c2326; --ink: #e6ebea; --soft: #a0adb0; --line: #323c40;
  --accent: #5cc0ba; --good: #6fcf97; --bad: #ff8a80; --warn: #e8b34b; --calm: #a9b8bf; --tint: #20302f;
  --plan: #6d7b84; --record: #9a8450; --backup: #5f93c9; --delete: #2f9c97; --release: #9788cc; --verify: #86a876; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans",
  "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 26px; line-height: 1.25; margin: 2px 0 6px; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 12px; }
p { margin: 0 0 10px; max-width: 78ch; overflow-wrap: anywhere; }
.kind { color: var(--soft); font-size: 13px; margin: 0; }
.facts { color: var(--soft); font-size: 13px; margin: 0 0 6px; max-width: none; }
.facts bdi, code { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; font-size: .92em;
  overflow-wrap: anywhere; }
.lead { font-size: 16px; }
.chip { display: inline-block; padding: 1px 10px; border-radius: 99px; border: 1px solid; font-size: 13px; font-weight: 600;
  white-space: nowrap; color: var(--calm); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .calm { color: var(--calm); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 22px; margin: 18px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 10px; margin: 18px 0; padding: 0;
  list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; }
.tiles b { display: block; font-size: 23px; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 13px; }
.tiles .none b { color: var(--soft); font-weight: 400; }
.scroll { overflow-x: auto; }
.timeline { display: block; width: 100%; min-width: 560px; height: auto; font: 12px system-ui, sans-serif; }
.timeline text { fill: var(--soft); } .timeline .row { fill: var(--ink); } .timeline .in { fill: #fff; }
.timeline .axis { stroke: var(--soft); } .timeline .grid { stroke: var(--line); }
.timeline .cut line { stroke: var(--soft); stroke-dasharray: 3 4; }
.bar rect { fill: var(--plan); } .bar.record rect { fill: var(--record); }
.bar.backup rect, .bar.stop rect, .bar.start rect { fill: var(--backup); }
.bar.delete rect, .bar.mark rect, .bar.unmark rect { fill: var(--delete); }
.bar.release rect { fill: var(--release); } .bar.verify rect { fill: var(--verify); }
.bar.failed rect { stroke: var(--bad); stroke-width: 2.5; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 12px 0 0; padding: 0; color: var(--soft);
  font-size: 13px; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; background: var(--plan); }
.key.record { background: var(--record); } .key.backup, .key.stop, .key.start { background: var(--backup); }
.key.delete, .key.mark, .key.unmark { background: var(--delete); } .key.release { background: var(--release); }
.key.verify { background: var(--verify); }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12.5px; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th, td { padding: 6px 10px 6px 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
td.wide { min-width: 15em; } td.name { min-width: 9em; max-width: 18em; overflow-wrap: anywhere; }
#writes td { overflow-wrap: anywhere; } #writes td:first-child { white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number, td.number { padding-right: 22px; }
td.backup .id { white-space: nowrap; }
.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
th button { all: unset; cursor: pointer; padding: 2px 4px 2px 0; }
th button:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px; border-radius: 4px; }
th[aria-sort="ascending"] button::after { content: " \2191"; } th[aria-sort="descending"] button::after { content: " \2193"; }
td .id { display: block; color: var(--soft); font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12px; }
td .why { display: block; color: var(--soft); overflow-wrap: anywhere; }
#controls { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin: 0 0 12px; }
#controls[hidden] { display: none; }
#controls label { color: var(--soft); font-size: 13px; }
input, select, .more { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 7px;
  padding: 5px 10px; max-width: 100%; }
input { width: 260px; }
.more { margin-top: 12px; cursor: pointer; } .more[hidden] { display: none; }
#told { color: var(--soft); font-size: 13px; margin-left: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; font-size: 13.5px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.reasons { margin: 0; padding: 0; list-style: none; }
.reasons li { border-bottom: 1px solid var(--line); padding: 10px 0; } .reasons li:last-child { border: 0; padding-bottom: 0; }
.reasons li:first-child { padding-top: 0; }
.reasons b { font-weight: 600; } .reasons .ids { display: block; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 12.5px; padding-bottom: 40px; }
@media (max-width: 760px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; } section { padding: 16px 14px; }
  header { padding-top: 20px; } h1 { font-size: 21px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  input { width: 100%; } #told { margin-left: 0; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tr { border-bottom: 1px solid var(--line); padding: 8px 0; } tr:last-child { border: 0; } tr[hidden] { display: none; }
  td { border: 0; padding: 1px 0; text-align: left; display: grid; grid-template-columns: 104px 1fr; gap: 8px;
    white-space: normal; }
  td::before { content: attr(data-label); color: var(--soft); font-size: 12.5px; }
  td.number { text-align: left; } td.name { max-width: none; } td div { min-width: 0; overflow-wrap: anywhere; }
  #writes td:first-child { white-space: normal; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --accent: #0d6e6e;
    --good: #1d7a46; --bad: #b3261e; --warn: #8a5a00; --calm: #444; }
  body { font-size: 10.5pt; } main, header, footer { max-width: none; padding: 0; }
  section, .tiles li { border-color: #bbb; break-inside: auto; } .tiles li, .timeline, .reasons li { break-inside: avoid; }
  #controls, .more { display: none !important; } tr { break-inside: avoid; } thead { display: table-header-group; }
  tr[hidden] { display: table-row !important; } th button { pointer-events: none; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""
