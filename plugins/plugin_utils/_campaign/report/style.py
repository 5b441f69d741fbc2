# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page looks: on a screen, at night, on a phone, on paper."""

from __future__ import annotations

STYLE = r"""
:root { color-scheme: light dark; --paper: #f7f7f5; --card: #fff; --ink: #1b2224; --soft: #586468; --line: #e2e5e3;
  --edge: #c9cfcd;
  --accent: #0b6b6b; --done: #0b6b6b; --bad: #b3261e; --warn: #8a5700; --calm: #586468; --hover: #f1f5f4;
  --done-bg: #e3f0ef; --bad-bg: #fbe9e7; --warn-bg: #fbf0dc; --calm-bg: #edf0ef;
  --p0: #dfe4e3; --p1: #c3cdcc; --p2: #9fc4c2; --p3: #0b6b6b; --p4: #5d9c9a; --p5: #8b9a9c; --p6: #a9b9c6;
  --on0: #1b2224; --on1: #1b2224; --on2: #12302f; --on3: #fff; --on4: #041f1f; --on5: #10181a; --on6: #141d24;
  --mono: ui-monospace, "SFMono-Regular", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; }
@media (prefers-color-scheme: dark) { :root { --paper: #121718; --card: #1a2022; --ink: #e5eae9; --soft: #9fabae; --line: #2b3437;
  --edge: #45514f; --accent: #5fc4be; --done: #6fcac4; --bad: #ff9a90; --warn: #ecbb5e; --calm: #a8b4b7; --hover: #20292b;
  --done-bg: #16312f; --bad-bg: #3a1f1d; --warn-bg: #362b15; --calm-bg: #262f31;
  --p0: #2f393c; --p1: #46555a; --p2: #2f6b69; --p3: #5fc4be; --p4: #3f9490; --p5: #6d7d82; --p6: #566674;
  --on0: #d5dcdb; --on1: #f0f3f2; --on2: #e8f4f3; --on3: #062322; --on4: #03191a; --on5: #000; --on6: #eef2f5; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 12px; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 -apple-system, "Segoe UI", Roboto, "Noto Sans",
  "Liberation Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
header, nav, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 28px; }
header { padding-top: 40px; }
h1 { font-size: 28px; line-height: 1.2; margin: 2px 0 12px; font-weight: 650; letter-spacing: -.012em; overflow-wrap: anywhere; }
h2 { font-size: 18px; line-height: 1.3; margin: 0 0 14px; font-weight: 650; letter-spacing: -.005em; }
h3 { font-size: 14.5px; margin: 0 0 2px; font-weight: 650; }
p { margin: 0 0 12px; max-width: 80ch; overflow-wrap: anywhere; }
code, small, .item { font-family: var(--mono); font-size: 12.5px; overflow-wrap: anywhere; }
small { color: var(--soft); font-size: 12px; }
a { color: var(--accent); }
ul { margin: 0; padding: 0; list-style: none; }
.kind { color: var(--soft); margin: 0; }
.preview { border: 1px dashed var(--edge); border-radius: 4px; padding: 0 7px; margin-left: 6px; color: var(--ink);
  font-size: 13px; }
.lead { font-size: 17px; margin-bottom: 14px; max-width: 90ch; }
.mark { display: inline-block; padding: 0 8px; border-radius: 4px; font-size: 13px; line-height: 20px; font-weight: 550;
  color: var(--calm); background: var(--calm-bg); }
.lead .mark { font-size: 14px; line-height: 24px; padding: 0 10px; margin-right: 4px; vertical-align: 1px; }
.mark.done { color: var(--done); background: var(--done-bg); } .mark.bad { color: var(--bad); background: var(--bad-bg); }
.mark.warn { color: var(--warn); background: var(--warn-bg); }
.list .mark.done, .list .mark.calm { background: none; padding: 0; font-weight: 400; color: var(--ink); }
.facts { display: flex; flex-wrap: wrap; gap: 4px 32px; margin: 0; font-size: 13.5px; }
.facts dt, .facts dd { display: inline; margin: 0; } .facts dt { color: var(--soft); margin-right: 8px; }
time, .number { font-variant-numeric: tabular-nums; }
nav { margin-top: 22px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 22px; border-top: 1px solid var(--line); padding-top: 12px; font-size: 13.5px; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 22px 24px 24px; margin: 18px 0; }
#totals-title, caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden;
  white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: 18px 0; }
.tiles li { padding: 0 28px; border-left: 1px solid var(--line); }
.tiles li:first-child { padding-left: 0; border: 0; }
.tiles b { display: block; font-size: 30px; line-height: 1.15; font-weight: 600; letter-spacing: -.015em;
  font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 13.5px; }
.tiles .none b { color: var(--soft); font-weight: 400; } .tiles .bad b { color: var(--bad); }
.tiles .warn b { color: var(--warn); } .tiles .done b { color: var(--accent); }
.tiles .money b { font-size: 22px; line-height: 34px; }
.shares { display: block; width: 100%; height: 10px; margin: 20px 0 14px; }
.shares .done { fill: var(--p3); } .shares .bad { fill: var(--bad); } .shares .warn { fill: var(--warn); }
.shares .calm { fill: var(--p1); }
.more-totals { display: flex; flex-wrap: wrap; gap: 4px 24px; color: var(--soft); font-size: 13.5px; }
.more-totals b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 0 -4px; padding: 0 4px; }
.timeline { display: block; width: 100%; min-width: 820px; height: auto;
  font-size: 12px; }
.timeline .row { fill: var(--ink); font-size: 12.5px; font-weight: 600; } .timeline .size { fill: var(--soft); font-size: 11px; }
.timeline .tick { fill: var(--soft); font-size: 11.5px; } .timeline .day { font-size: 11px; }
.timeline .axis { stroke: var(--edge); } .timeline .grid { stroke: var(--line); }
.timeline .cut line { stroke: var(--soft); stroke-dasharray: 2 4; }
.bar rect { fill: var(--p0); } .bar text { fill: var(--on0); }
.bar.record rect { fill: var(--p1); } .bar.record text { fill: var(--on1); }
.bar.stop rect, .bar.start rect { fill: var(--p6); } .bar.stop text, .bar.start text { fill: var(--on6); }
.bar.backup rect { fill: var(--p2); } .bar.backup text { fill: var(--on2); }
.bar.delete rect, .bar.mark rect, .bar.unmark rect { fill: var(--p3); }
.bar.delete text, .bar.mark text, .bar.unmark text { fill: var(--on3); }
.bar.release rect { fill: var(--p4); } .bar.release text { fill: var(--on4); }
.bar.verify rect { fill: var(--p5); } .bar.verify text { fill: var(--on5); }
.bar rect.flaw { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 12px 0 18px; color: var(--soft); font-size: 13px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 7px; background: var(--p0);
  vertical-align: -1px; }
.key.record { background: var(--p1); } .key.stop, .key.start { background: var(--p6); } .key.backup { background: var(--p2); }
.key.delete, .key.mark, .key.unmark { background: var(--p3); } .key.release { background: var(--p4); }
.key.verify { background: var(--p5); } .key.flaw { background: var(--bad); height: 4px; vertical-align: 3px; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--accent); font-size: 13.5px; width: fit-content; }
details .list { margin-top: 8px; }
table { position: relative; border-collapse: collapse; width: 100%; font-size: 13.5px; line-height: 1.45; }
th { text-align: left; font-weight: 550; color: var(--soft); font-size: 12.5px; white-space: nowrap; vertical-align: bottom; }
th, td { padding: 7px 18px 7px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom-color: var(--edge); }
tbody tr:last-child td { border-bottom: 0; }
td { overflow-wrap: break-word; }
.list tbody tr:hover td { background: var(--hover); }
.plain { width: auto; min-width: min(100%, 620px); margin-bottom: 14px; }
.number { text-align: right; white-space: nowrap; }
.when { white-space: nowrap; } td.when, .phases td { font-variant-numeric: tabular-nums; }
td.name { min-width: 15.5em; max-width: 20em; overflow-wrap: anywhere; } td.name b { font-weight: 600; }
td.name small, .outcome small { display: block; }
td.outcome { min-width: 15em; max-width: 26em; } td.parts { min-width: 13em; }
td.ids { font-family: var(--mono); font-size: 12.5px; overflow-wrap: anywhere; min-width: 11em; }
.why { display: block; margin-top: 3px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.item { color: var(--soft); } .item code { color: var(--ink); white-space: nowrap; } .item i, td i { font-style: normal; }
.item .kept { color: var(--ink); } .item .bad, td .bad { color: var(--bad); }
button { font: inherit; color: inherit; }
th button { all: unset; cursor: pointer; } th button:hover { color: var(--ink); }
th[aria-sort] { color: var(--ink); }
th[aria-sort="ascending"] button::after { content: " \2191"; } th[aria-sort="descending"] button::after { content: " \2193"; }
:focus-visible, th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 10px; align-items: center; margin: 0 0 10px; font-size: 13.5px; }
.controls label { color: var(--soft); } .controls select { margin-right: 6px; }
.controls output { color: var(--soft); margin-left: auto; font-variant-numeric: tabular-nums; }
input, select, .more button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--edge);
  border-radius: 6px; padding: 5px 10px; max-width: 100%; }
input { width: 300px; } input::placeholder { color: var(--soft); opacity: 1; }
.narrow { display: none; }
.more { display: flex; gap: 10px; margin-top: 14px; font-size: 13.5px; } .more button { cursor: pointer; }
.more button:hover { background: var(--hover); }
[hidden] { display: none !important; }
.link { border: 0; background: none; padding: 0; color: var(--accent); cursor: pointer; font-size: 13px;
  text-decoration: underline; text-underline-offset: 2px; }
.reasons > li { display: grid; grid-template-columns: 92px 1fr; gap: 18px; padding: 14px 0; border-top: 1px solid var(--line); }
.reasons > li:first-child { border-top: 0; padding-top: 0; } .reasons > li:last-child { padding-bottom: 0; }
.count b { display: block; font-size: 22px; line-height: 1.1; font-weight: 600; font-variant-numeric: tabular-nums; }
.count { text-align: right; } .count span { color: var(--soft); font-size: 13px; }
.reasons .warn > .count b { color: var(--warn); } .reasons .bad > .count b { color: var(--bad); }
.reasons .calm > .count b { color: var(--calm); }
.reasons h3 { font-size: 15px; } .reasons h3, .reasons p { color: var(--ink); } .reasons p { margin-bottom: 4px; }
.reasons .codes, .reasons .codes code { color: var(--soft); } .codes code { margin-right: 10px; }
.names { display: flex; flex-wrap: wrap; gap: 2px 20px; font-size: 13px; margin-top: 4px; overflow-wrap: anywhere; }
.names code { color: var(--soft); }
.sums { margin-bottom: 22px; }
.js .static { display: none; }
#run-section h3 { margin-top: 18px; margin-bottom: 6px; } #run-section h2 + h3 { margin-top: 0; }
#run-section ul, #run-section ol { margin: 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
.pairs { display: grid; grid-template-columns: minmax(170px, max-content) 1fr; gap: 3px 24px; margin: 0; font-size: 13.5px; }
.pairs dt { color: var(--soft); } .pairs dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 13px; padding-bottom: 40px; }
@media screen and (max-width: 760px) {
  header, nav, main, footer { padding-left: 16px; padding-right: 16px; } header { padding-top: 22px; }
  section { padding: 18px 16px; } h1 { font-size: 22px; } .lead { font-size: 16px; }
  .facts { display: grid; } .tiles { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 0; }
  .tiles li, .tiles li:first-child { padding: 0 0 0 12px; border-left: 1px solid var(--line); }
  .tiles b { font-size: 25px; } .tiles .money b { font-size: 18px; line-height: 29px; }
  .controls label { width: 56px; } .controls input, .controls select { flex: 1 1 60%; margin: 0; width: auto; min-width: 0; }
  .controls output { width: 100%; } .narrow { display: inline-block; }
  .pairs { grid-template-columns: 1fr; gap: 0; } .pairs dd { margin-bottom: 8px; }
  .reasons > li { grid-template-columns: 58px 1fr; gap: 12px; }
  table, tbody, tr, td { display: block; } .plain { width: 100%; min-width: 0; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tr { border-bottom: 1px solid var(--line); padding: 10px 0; } tbody tr:last-child { border-bottom: 0; }
  td, td.number { display: grid; grid-template-columns: 96px minmax(0, 1fr); column-gap: 12px; border: 0; padding: 2px 0;
    text-align: left; white-space: normal; min-width: 0; max-width: none; overflow-wrap: anywhere; }
  td::before { content: attr(data-label); color: var(--soft); font-size: 12.5px; grid-row: 1 / span 20; }
  td > * { grid-column: 2; justify-self: start; } .item code { white-space: normal; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --edge: #888;
  --accent: #0b6b6b;
    --done: #0b6b6b; --bad: #b3261e; --warn: #7a4c00; --calm: #444; --done-bg: #e3f0ef; --bad-bg: #fbe9e7; --warn-bg: #fbf0dc;
    --calm-bg: #eee; --p0: #dfe4e3; --p1: #c3cdcc; --p2: #9fc4c2; --p3: #0b6b6b; --p4: #5d9c9a; --p5: #8b9a9c; --p6: #a9b9c6;
    --on0: #000;    --on1: #000; --on2: #000; --on3: #fff; --on4: #000; --on5: #000; --on6: #000; }
  @page { margin: 14mm 12mm; }
  body { font-size: 9.5pt; } header, nav, main, footer { max-width: none; padding: 0; }
  section { border: 0; border-top: 1px solid #888; border-radius: 0; padding: 14px 0 0; } h2, h3 { break-after: avoid; }
  nav, .controls, .more, .link, summary { display: none !important; }
  table { font-size: 8.5pt; } code, small, .item, td.ids { font-size: 7.5pt; } th, td { padding: 4px 10px 4px 0; }
  td.name, td.outcome, td.parts, td.ids { min-width: 0; max-width: none; } td.name { min-width: 11em; }
  .timeline { min-width: 0; } .scroll { overflow: visible; }
  .tiles li, .timeline, .reasons > li, tr { break-inside: avoid; } thead { display: table-header-group; }
  /* Chromium repeats no head that holds a button. */
  th button { display: contents; }
  .why, .mark, .list .mark { font-size: 8.5pt; }
  ::details-content { content-visibility: visible; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""
