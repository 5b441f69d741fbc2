# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page does by itself: filter and sort machines, show writes piece by piece. It reads nothing but the page."""

from __future__ import annotations

SCRIPT = r"""
"use strict";
(function () {
  var byId = function (id) { return document.getElementById(id); };
  var machines = byId("machines");
  document.documentElement.className = "js";
  if (machines) {
    var body = machines.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows);
    var find = byId("find"), action = byId("action"), told = byId("told");
    rows.forEach(function (row, place) { row.place = place; row.words = row.textContent.toLowerCase(); });
    var filter = function () {
      var words = find.value.toLowerCase().split(/\s+/).filter(Boolean), count = 0;
      rows.forEach(function (row) {
        var fits = (!action.value || row.dataset.action === action.value) &&
          words.every(function (word) { return row.words.indexOf(word) >= 0; });
        row.hidden = !fits;
        if (fits) { count += 1; }
      });
      told.textContent = count === rows.length ? rows.length + " machines" : count + " of " + rows.length + " machines";
    };
    var waiting = 0;
    find.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
    action.addEventListener("change", filter);
    var key = function (row, column) {
      var cell = row.cells[column];
      return cell.dataset.key !== undefined ? cell.dataset.key : cell.textContent.trim();
    };
    var compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
    Array.prototype.forEach.call(machines.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var up = head.getAttribute("aria-sort") !== "ascending";
        Array.prototype.forEach.call(machines.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        var keyed = rows.map(function (row) { return [key(row, column), row]; });
        keyed.sort(function (a, b) { return (up ? 1 : -1) * compare(a[0], b[0]) || a[1].place - b[1].place; });
        rows = keyed.map(function (pair) { return pair[1]; });
        var all = document.createDocumentFragment();
        rows.forEach(function (row) { all.appendChild(row); });
        body.appendChild(all);
      });
    });
    byId("controls").hidden = false;
    filter();
  }
  var block = byId("writes-data"), table = byId("writes");
  if (block && table) {
    var writes = JSON.parse(block.textContent), more = byId("more"), shown = 0;
    var labels = Array.prototype.map.call(table.tHead.rows[0].cells, function (cell) { return cell.textContent; });
    var show = function (until) {
      var part = document.createDocumentFragment();
      for (; shown < Math.min(until, writes.length); shown += 1) {
        var row = document.createElement("tr");
        writes[shown].forEach(function (text, column) {
          var cell = document.createElement("td");
          cell.setAttribute("data-label", labels[column]);
          cell.textContent = text;
          row.appendChild(cell);
        });
        row.className = "outcome-" + writes[shown][4];
        part.appendChild(row);
      }
      table.tBodies[0].appendChild(part);
      more.hidden = shown >= writes.length;
      more.textContent = "Show more (" + (writes.length - shown) + " left)";
    };
    more.addEventListener("click", function () { show(shown + 500); });
    window.addEventListener("beforeprint", function () { show(writes.length); });
    show(100);
  }
}());
"""
