# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page looks: on a screen, at night, on a phone, on paper."""

from __future__ import annotations

LIGHT = {
    "paper": "#f5f6f5",
    "card": "#ffffff",
    "ink": "#1b2224",
    "soft": "#59656a",
    "line": "#dfe3e2",
    "hover": "#f3f6f5",
    "accent": "#0b6767",
    "bad": "#b42318",
    "warn": "#8a5a00",
    "done": "#0b6767",
    "calm": "#59656a",
    "strong": "#0b6767",
    "middle": "#7fb5b2",
    "pale": "#b9d6d4",
    "grey": "#a3adb0",
    "dim": "#c9cfd0",
    "on": "#ffffff",
    "off": "#1b2224",
}
"""The colours: one accent, of which the timeline takes shades, and red and amber for what needs a look."""
DARK = {
    "paper": "#121719",
    "card": "#1a2022",
    "ink": "#e5eae9",
    "soft": "#9fadb0",
    "line": "#30393c",
    "hover": "#20282a",
    "accent": "#63c6c0",
    "bad": "#ff8f85",
    "warn": "#e5b454",
    "done": "#63c6c0",
    "calm": "#9fadb0",
    "strong": "#58bcb6",
    "middle": "#2f8783",
    "pale": "#1f5654",
    "grey": "#616d71",
    "dim": "#3d474a",
    "on": "#0e1415",
    "off": "#e5eae9",
}
PRINT = {**LIGHT, "paper": "#ffffff", "soft": "#444c4f", "line": "#c4c9c9", "hover": "#ffffff"}


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())


SCREEN = r"""
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 56px; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.5 -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", system-ui, sans-serif; }
header, nav ul, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 28px; }
a { color: var(--accent); }
h1, h2, h3, p, dl, dd, ul, ol { margin: 0; }
code, small, .facts dd { font-variant-numeric: tabular-nums; }
code { font: .9em/1.4 ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace; }
.soft { color: var(--soft); font-weight: 400; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 12px; top: 12px; padding: 6px 12px; background: var(--card); z-index: 9; }

header { padding-top: 40px; padding-bottom: 24px; }
.kind { color: var(--soft); font-size: 14px; }
h1 { font-size: 28px; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; margin: 2px 0 12px; }
.lead { font-size: 17px; max-width: 80ch; }
.chip { display: inline-block; margin-right: 6px; padding: 1px 11px; border-radius: 99px; font-size: 14px; font-weight: 600;
  border: 1px solid currentColor; color: var(--calm); }
.chip.done { background: var(--strong); border-color: var(--strong); color: var(--on); }
.chip.bad { background: var(--bad); border-color: var(--bad); color: var(--on); }
.chip.warn { background: var(--warn); border-color: var(--warn); color: var(--on); }
.preview { margin-top: 14px; padding: 9px 14px; border-left: 3px solid var(--accent); background: var(--card); max-width: 80ch;
  }
.facts { display: flex; flex-wrap: wrap; gap: 10px 36px; margin-top: 20px; }
.facts dt { color: var(--soft); font-size: 13px; }

nav { position: sticky; top: 0; z-index: 3; background: var(--paper); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: 22px; list-style: none; overflow-x: auto; scrollbar-width: none; }
nav a { display: block; padding: 10px 0; font-size: 14px; color: var(--soft); text-decoration: none; white-space: nowrap; }
nav a:hover { color: var(--accent); text-decoration: underline; text-underline-offset: 4px; }

section { padding: 30px 0 6px; }
h2 { font-size: 19px; font-weight: 650; letter-spacing: -.01em; margin-bottom: 12px; }
h3 { font-size: 15px; font-weight: 600; }
section > p { max-width: 80ch; margin-bottom: 10px; }

.tiles { display: flex; flex-wrap: wrap; gap: 16px 0; padding: 0; list-style: none; }
.tiles li { padding: 0 26px; border-left: 1px solid var(--line); }
.tiles li:first-child { padding-left: 0; border: 0; }
.tiles b { display: block; font-size: 30px; line-height: 1.15; font-weight: 600; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 14px; }
.tiles .money b { font-size: 22px; line-height: 34px; }
.tiles .none b { color: var(--soft); font-weight: 400; }
.tiles .bad b { color: var(--bad); } .tiles .warn b { color: var(--warn); } .tiles .done b { color: var(--accent); }
.shares { display: block; width: 100%; height: 10px; margin: 20px 0 14px; }
.shares .done { fill: var(--strong); } .shares .bad { fill: var(--bad); } .shares .warn { fill: var(--warn); }
.shares .calm { fill: var(--dim); }
.more-totals { display: flex; flex-wrap: wrap; gap: 4px 24px; padding: 0; list-style: none; color: var(--soft);
  font-size: 14px; }
.more-totals b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }

.reasons { padding: 0; list-style: none; border-top: 1px solid var(--line); }
.reasons > li { display: grid; grid-template-columns: 104px 1fr; gap: 0 20px; padding: 14px 0;
  border-bottom: 1px solid var(--line); }
.reasons .bad, .reasons .warn, .reasons .calm { color: inherit; }
.count b { display: block; font-size: 26px; line-height: 1.1; font-weight: 600; font-variant-numeric: tabular-nums; }
.count span { color: var(--soft); font-size: 13px; }
.reasons .bad .count b { color: var(--bad); } .reasons .warn .count b { color: var(--warn); }
.codes code { color: var(--soft); margin-right: 10px; }
.names { display: flex; flex-wrap: wrap; gap: 0 20px; padding: 0; margin-top: 4px; list-style: none; font-size: 13.5px; }
.names li { break-inside: avoid; } .names code { color: var(--soft); font-size: 12.5px; } summary { cursor: pointer; }
.link { font: inherit; font-size: 14px; color: var(--accent); background: none; border: 0; padding: 0;
  text-decoration: underline; cursor: pointer; }

.scroll { overflow-x: auto; }
.timeline { display: block; width: 100%; min-width: 760px; height: auto;
  font: 12.5px -apple-system, "Segoe UI", Roboto, "Noto Sans",
  "Liberation Sans", system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.timeline text { fill: var(--soft); }
.timeline .row { fill: var(--ink); font-weight: 600; } .timeline .size, .timeline .day { font-size: 11.5px; }
.axis { stroke: var(--grey); } .grid { stroke: var(--line); } .cut line { stroke: var(--grey); stroke-dasharray: 2 4; }
.bar rect { fill: var(--dim); } .timeline .bar text { fill: var(--off); }
.bar.record rect, .bar.verify rect { fill: var(--grey); }
.bar.backup rect, .bar.stop rect, .bar.start rect { fill: var(--pale); }
.bar.release rect { fill: var(--middle); }
.bar.delete rect, .bar.mark rect, .bar.unmark rect { fill: var(--strong); }
.timeline .delete text, .timeline .mark text, .timeline .unmark text { fill: var(--on); }
.timeline .bar .flaw { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 0; margin: 6px 0 16px; list-style: none; color: var(--soft);
  font-size: 13.5px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 7px; background: var(--dim);
  vertical-align: -1px; }
.key.record, .key.verify { background: var(--grey); } .key.backup, .key.stop, .key.start { background: var(--pale); }
.key.release { background: var(--middle); } .key.delete, .key.mark, .key.unmark { background: var(--strong); }
.key.flaw { height: 4px; border-radius: 0; background: var(--bad); vertical-align: 3px; }
details { margin: 12px 0; } details > summary { color: var(--accent); font-size: 14px; }

caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
table, thead, tbody { display: block; width: 100%; }
table { font-size: 14px; line-height: 1.45; }
tr { display: grid; gap: 0 20px; padding: 9px 0; border-bottom: 1px solid var(--line); }
th, td { display: block; padding: 0; text-align: left; min-width: 0; }
th { font-weight: 600; font-size: 13px; color: var(--soft); }
thead { position: sticky; top: 42px; z-index: 2; background: var(--paper); }
thead tr { padding: 7px 0; border-color: var(--grey); }
/* A row that is not in sight costs nothing: 5,000 of them open at once. */
.list tbody tr { content-visibility: auto; contain-intrinsic-size: auto 58px; }
tbody tr:hover { background: var(--hover); }
tr[hidden] { display: none; }
.number { text-align: right; font-variant-numeric: tabular-nums; } .when { font-variant-numeric: tabular-nums; }
td b { font-weight: 600; }
td small { display: block; color: var(--soft); font-size: 12.5px; }
#machines tr { grid-template-columns: minmax(0, 22fr) 44px 74px minmax(0, 31fr) minmax(0, 27fr) minmax(0, 21fr); }
#backups tr { grid-template-columns: minmax(0, 21fr) 76px minmax(0, 26fr) 84px 146px minmax(0, 22fr) 96px; }
#left tr { grid-template-columns: minmax(0, 24fr) minmax(0, 24fr) minmax(0, 30fr) minmax(0, 14fr) 110px; }
#writes tr { grid-template-columns: 146px minmax(0, 20fr) minmax(0, 24fr) 92px minmax(0, 27fr) minmax(0, 24fr) 58px;
  padding: 5px 0;
  font-size: 13.5px; }
#writes tbody tr { contain-intrinsic-size: auto 31px; }
#waves tr { grid-template-columns: 44px minmax(0, 1fr) repeat(4, 76px) 150px 150px; }
#phases tr { grid-template-columns: minmax(0, 1fr) 60px 150px 110px 120px; padding: 5px 0; }
#runs tr { grid-template-columns: 40px 150px 150px minmax(0, 1fr); padding: 5px 0; }
th button { all: unset; cursor: pointer; }
th button:hover { color: var(--accent); } th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px;
  border-radius: 2px; }
th[aria-sort] button { color: var(--ink); }
th[aria-sort="ascending"] button::after { content: " \2191"; } th[aria-sort="descending"] button::after { content: " \2193"; }
.mark { font-weight: 600; } .mark.calm { font-weight: 400; }
.done { color: var(--done); } .bad { color: var(--bad); } .warn { color: var(--warn); } .calm { color: var(--calm); }
.why { display: block; font-size: 13.5px; }
.item { color: var(--soft); font-size: 13px; } .item code { color: var(--ink); }
i { font-style: normal; } .kept { color: var(--ink); font-weight: 600; }

.controls { display: flex; flex-wrap: wrap; gap: 8px 10px; align-items: center; margin-bottom: 8px; font-size: 14px; }
.controls[hidden] { display: none; }
.controls label { color: var(--soft); } .controls select { margin-right: 8px; }
.told { color: var(--soft); margin-left: auto; font-variant-numeric: tabular-nums; }
input, select, .more button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--grey);
  border-radius: 6px;
  padding: 5px 10px; max-width: 100%; }
input { width: 300px; } input::placeholder { color: var(--soft); opacity: 1; }
.more { display: flex; gap: 10px; margin: 12px 0; } .more button { cursor: pointer; }
.more button:hover { border-color: var(--accent); }
.more[hidden], .more button[hidden], .narrow { display: none; }
.js .static { display: none; }

#run-section h3 { margin: 18px 0 6px; } #run-section ul { padding-left: 18px; }
#run-section dl > div { display: grid; grid-template-columns: 190px 1fr; gap: 2px 20px; padding: 4px 0;
  border-bottom: 1px solid var(--line); font-size: 14px; }
#run-section dt { color: var(--soft); }
footer { color: var(--soft); font-size: 13px; padding-top: 40px; padding-bottom: 48px; }
"""

PHONE = r"""
header, nav ul, main, footer { padding-left: 16px; padding-right: 16px; }
header { padding-top: 24px; } h1 { font-size: 22px; } .lead { font-size: 16px; } .facts { gap: 8px 24px; }
.tiles { display: grid; grid-template-columns: 1fr 1fr; gap: 14px 0; }
.tiles li, .tiles li:first-child { padding: 0 0 0 12px; border-left: 1px solid var(--line); }
.tiles b { font-size: 25px; } .tiles .money b { font-size: 18px; line-height: 29px; }
.reasons > li { grid-template-columns: 1fr; gap: 4px; } .count b { display: inline; font-size: 20px; margin-right: 6px; }
.narrow { display: inline-block; }
input { width: 100%; } .told { margin-left: 0; width: 100%; } .controls { gap: 4px 10px; }
thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
main tbody tr { display: block; padding: 10px 0; }
td, td.number { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 0 10px; text-align: left; padding: 1px 0; }
td > * { grid-column: 2; } td::before { content: attr(data-label); grid-column: 1; grid-row: 1; color: var(--soft);
  font-size: 13px; }
.list tbody tr { contain-intrinsic-size: auto 190px; } #writes tbody tr { contain-intrinsic-size: auto 170px; }
#run-section dl > div { grid-template-columns: 1fr; gap: 0; }
"""

PAPER = r"""
html { font-size: 10pt; } body { font-size: 9.5pt; background: none; }
nav, .controls, .more, .link, .static, .skip { display: none !important; }
header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
header { padding-top: 0; padding-bottom: 8px; } section { padding-top: 16px; }
h1 { font-size: 18pt; } h2 { font-size: 13pt; } h2, h3 { break-after: avoid; }
.tiles, .shares, .timeline, .legend, .reasons > li { break-inside: avoid; }
.timeline { min-width: 0; }
/* As real tables, so that the head is repeated on each sheet, and all rows, whatever is chosen just now. */
main table { display: table; table-layout: fixed; border-collapse: collapse; font-size: 8.5pt; }
main thead { display: table-header-group; position: static; } main tbody { display: table-row-group; }
main tr, main tr[hidden], #writes tr { display: table-row; content-visibility: visible; break-inside: avoid; }
main th, main td { display: table-cell; padding: 3pt 8pt 3pt 0; border-bottom: .5pt solid var(--line); vertical-align: top; }
th button { pointer-events: none; } th button::after { content: none !important; }
#machines th:nth-child(2), #waves th:nth-child(1), #phases th:nth-child(2), #runs th:nth-child(1),
  #writes th:nth-child(7) { width: 34pt; }
#machines th:nth-child(3), #backups th:nth-child(2), #backups th:nth-child(4), #writes th:nth-child(4) { width: 48pt; }
* { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
"""

STYLE = (
    f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
    f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}\n"
    f"{SCREEN}@media screen and (max-width: 820px) {{{PHONE}}}\n"
    f"@media print {{ :root {{ color-scheme: light; {_variables(PRINT)} }}{PAPER}}}\n"
)
